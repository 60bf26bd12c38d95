# SPDX-License-Identifier: GPL-2.0
# bash completion for zcx(1)

_zcx_options() {
	case $1 in
	send)
		echo '--range --header --trailer --lane --direct-threshold --nowait --drop-behind' \
			'--method --timeout --to --acked --follow' \
			'--rate --deadline --idle --json --quiet --help'
		;;
	recv) echo '--output --count --timeout --json --quiet --help' ;;
	info) echo '--json --help' ;;
	probe) echo '--offset --length --lane --direct-threshold --json --help' ;;
	stat) echo '--interval --count --proc --json --help' ;;
	bench)
		echo '--method --size --cache --header --runs --requests --to --receiver' \
			'--serve --floor --insn --soak --no-counts --json --verbose --help'
		;;
	*) echo '--help --version' ;;
	esac
}

# $1: what has been typed of a list with commas
_zcx_bench_methods() {
	local before=
	[[ $1 == *,* ]] && before=${1%,*},
	compgen -P "$before" -W 'read_write mmap_write sendfile splice msg_zerocopy
		io_uring_splice odirect_write zcx zcx_async zcx_submit zcx_direct tcp_alone' -- "${1##*,}"
}

_zcx() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local verb=
	COMPREPLY=()

	# In "--lane=c" the equals sign is a word of its own.
	[ "$prev" = = ] && prev=${COMP_WORDS[COMP_CWORD - 2]}
	[ "$cur" = = ] && cur='' prev=${COMP_WORDS[COMP_CWORD - 1]}

	[ "$COMP_CWORD" -gt 1 ] && verb=${COMP_WORDS[1]}
	case $verb:$prev in
	bench:--method | bench:-m) COMPREPLY=($(_zcx_bench_methods "$cur")); return ;;
	bench:--cache | bench:-c) COMPREPLY=($(compgen -W 'warm cold' -- "$cur")); return ;;
	bench:--receiver) COMPREPLY=($(compgen -W 'normal batch fifo' -- "$cur")); return ;;
	esac
	case $prev in
	--lane) COMPREPLY=($(compgen -W 'auto cache direct' -- "$cur")); return ;;
	--direct-threshold) COMPREPLY=($(compgen -W 'never' -- "$cur")); return ;;
	--method) COMPREPLY=($(compgen -W 'zcx sendfile' -- "$cur")); return ;;
	esac
	case $cur in
	-*) COMPREPLY=($(compgen -W "$(_zcx_options "$verb")" -- "$cur")) ;;
	*)
		if [ -z "$verb" ]; then
			COMPREPLY=($(compgen -W 'send recv info stat probe bench help' -- "$cur"))
		elif [[ $verb == @(send|probe|bench) ]] || [ "$prev" = --output ] || [ "$prev" = -o ] || [ "$prev" = --proc ]; then
			COMPREPLY=($(compgen -f -- "$cur"))
		fi
		;;
	esac
}

complete -o filenames -F _zcx zcx
