# SPDX-License-Identifier: GPL-2.0
#
# For people; everything that builds the module is in Kbuild and module/Kbuild.
# DKMS and kernel builds pass variables of their own to make (KERNELRELEASE is
# one): nothing here depends on them.

KDIR	?= /lib/modules/$(shell uname -r)/build
ZCX_DIR	:= $(dir $(realpath $(lastword $(MAKEFILE_LIST))))

export T K

all: modules user

help:
	@echo 'make demo         show the main job: install what is needed, boot a guest, send a file'
	@echo 'make test         what a change must pass: KUnit, stock 6.1 and 6.12, debug kernel, DKMS'
	@echo 'make test-all     the slow tests too'
	@echo 'make test-list    name, tier and purpose of every test'
	@echo '                  T=glob and K=glob choose tests and kernels: make test T="net-*" K=stock-6.1'
	@echo 'make vm           a shell in a guest with the module loaded (K=stock-6.1: on that kernel)'
	@echo
	@echo 'make bench        methods compared in guests by the instructions they take (an hour);'
	@echo '                  QUICK=1: only cells that have a bar (10 minutes); OUT=file: all records, JSON;'
	@echo '                  K=glob, FS=list, M=list choose kernels, filesystems, methods'
	@echo 'make bench-check  a quick run, or IN=file, against the bars in tests/bench/bars.json'
	@echo 'make bench-report docs/benchmarks.md and its pictures, of a full run or of IN=file'
	@echo
	@echo 'make              module/zcx.ko for KDIR (default: the running kernel), libzcx, zcx'
	@echo 'make modules, make modules_install, make user, make user-install, make clean'

modules modules_install:
	$(MAKE) -C $(KDIR) M=$(ZCX_DIR) $@

user:
	$(MAKE) -C userspace all

user-install:
	$(MAKE) -C userspace install

modules_clean:
	$(MAKE) -C $(KDIR) M=$(ZCX_DIR) clean

clean:
	rm -rf tests/out
	$(MAKE) -C userspace clean
	if [ -d $(KDIR) ]; then $(MAKE) modules_clean; fi

test:
	@tests/run test
test-all:
	@tests/run all
test-list:
	@tests/run list
demo:
	@tests/run demo
vm:
	@tests/run vm

# Given by name and not by MAKEFLAGS: OUT and M mean something else to the
# makefiles that build what is measured.
bench bench-check bench-report:
	@MAKEFLAGS= QUICK='$(QUICK)' OUT='$(OUT)' IN='$(IN)' K='$(K)' FS='$(FS)' M='$(M)' \
		tests/run $@

.PHONY: help all modules modules_install modules_clean user user-install clean
.PHONY: test test-all test-list demo vm bench bench-check bench-report
