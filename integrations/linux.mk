# hypabi in a kernel tree.  Where the tree was built (O= or the tree itself):
#
#   make -f /path/to/hypabi/integrations/linux.mk hypabi            the built vmlinux
#   make -f /path/to/hypabi/integrations/linux.mk hypabi-objects    only what is edited
#
# HYPABI_OBJECTS names the objects of one program, HYPABIFLAGS options of `hypabi check`.  make fails
# as the exit status says, but for the bits of HYPABI_TOLERATE: 16 lets undecided pass.

HYPABI ?= hypabi
HYPABIFLAGS ?=
HYPABI_TOLERATE ?= 0
HYPABI_IMAGE ?= vmlinux
HYPABI_OBJECTS ?= $(wildcard arch/arm64/kernel/hyp-stub.o arch/arm/kernel/hyp-stub.o)
HYPABI_RELEASE ?= $(shell cat include/config/kernel.release 2>/dev/null)

hypabi-check = $(HYPABI) check $(HYPABIFLAGS) $(if $(HYPABI_RELEASE),--kernel-version $(HYPABI_RELEASE)) $(1); \
	status=$$?; [ $$((status & ~$(HYPABI_TOLERATE))) = 0 ] || exit $$status

.PHONY: hypabi hypabi-objects

hypabi: $(HYPABI_IMAGE)
	@$(call hypabi-check,$(HYPABI_IMAGE))

hypabi-objects: $(HYPABI_OBJECTS)
	@$(call hypabi-check,$(or $(HYPABI_OBJECTS),$(error hypabi: no object is built; set HYPABI_OBJECTS)))
