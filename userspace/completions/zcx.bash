# SPDX-License-Identifier: GPL-2.0
# bash completion for zcx(1)

_zcx_options() {
	case $1 in
	send) echo '--range --header --trailer --lane --method --timeout --json --quiet --help' ;;
	recv) echo '--output --count --timeout --json --quiet --help' ;;
	info) echo '--json --help' ;;
	*) echo '--help --version' ;;
	esac
}

_zcx() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local verb=
	COMPREPLY=()

	# In "--lane=c" the equals sign is a word of its own.
	[ "$prev" = = ] && prev=${COMP_WORDS[COMP_CWORD - 2]}
	[ "$cur" = = ] && cur='' prev=${COMP_WORDS[COMP_CWORD - 1]}

	[ "$COMP_CWORD" -gt 1 ] && verb=${COMP_WORDS[1]}
	case $prev in
	--lane) COMPREPLY=($(compgen -W 'auto cache' -- "$cur")); return ;;
	--method) COMPREPLY=($(compgen -W 'zcx sendfile' -- "$cur")); return ;;
	esac
	case $cur in
	-*) COMPREPLY=($(compgen -W "$(_zcx_options "$verb")" -- "$cur")) ;;
	*)
		if [ -z "$verb" ]; then
			COMPREPLY=($(compgen -W 'send recv info help' -- "$cur"))
		elif [ "$verb" = send ] || [ "$prev" = --output ] || [ "$prev" = -o ]; then
			COMPREPLY=($(compgen -f -- "$cur"))
		fi
		;;
	esac
}

complete -o filenames -F _zcx zcx
