/*
 * The first process of a kernel that `hypabi trace --drive` boots: it does what /drive names, a
 * step a line, and tells of each on the console:
 *
 *	hypabi-drive: STEP begins | done TEXT | fails TEXT | lacks TEXT
 *
 * and last "hypabi-drive: all over".  Neither libc nor headers: the numbers are the kernel's ABI.
 */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long ulong;
typedef unsigned long long u64;

#ifdef __aarch64__
enum {
	NR_ioctl = 29, NR_mkdirat = 34, NR_mount = 40, NR_openat = 56, NR_close = 57, NR_read = 63,
	NR_write = 64, NR_exit = 93, NR_nanosleep = 101, NR_kexec_load = 104,
	NR_sched_setaffinity = 122, NR_kill = 129, NR_reboot = 142, NR_clone = 220, NR_mmap = 222,
	NR_wait4 = 260, NR_swapon = 224, NR_finit_module = 273,
};
#define BLKGETSIZE64 0x80081272
#define NUMBER "x8"
#define R(n) "x" #n
#define TRAP "svc #0"
asm(".globl _start\n_start: mov x29, #0\nmov x30, #0\nbl drive\nb .\n");
#else
enum {
	NR_exit = 1, NR_read = 3, NR_write = 4, NR_close = 6, NR_mount = 21, NR_kill = 37,
	NR_ioctl = 54, NR_reboot = 88, NR_wait4 = 114, NR_clone = 120, NR_nanosleep = 162,
	NR_mmap = 192, NR_sched_setaffinity = 241, NR_openat = 322, NR_mkdirat = 323,
	NR_kexec_load = 347, NR_swapon = 87, NR_finit_module = 379,
};
#define BLKGETSIZE64 0x80041272
#define NUMBER "r7"
#define R(n) "r" #n
#define TRAP "svc #0"
asm(".globl _start\n_start: mov fp, #0\nbl drive\nb .\n");
#endif

static long call(long number, ulong a, ulong b, ulong c, ulong d, ulong e, ulong f)
{
	register ulong n asm(NUMBER) = number;
	register ulong r0 asm(R(0)) = a;
	register ulong r1 asm(R(1)) = b;
	register ulong r2 asm(R(2)) = c;
	register ulong r3 asm(R(3)) = d;
	register ulong r4 asm(R(4)) = e;
	register ulong r5 asm(R(5)) = f;

	asm volatile(TRAP : "+r"(r0) : "r"(n), "r"(r1), "r"(r2), "r"(r3), "r"(r4), "r"(r5) : "memory");
	return r0;
}

#ifndef __aarch64__
/* What libgcc's division by zero calls. */
int raise(int signal)
{
	(void)signal;
	for (;;)
		;
}
#endif

#define C3(n, a, b, c) call(n, (ulong)(a), (ulong)(b), (ulong)(c), 0, 0, 0)
#define C4(n, a, b, c, d) call(n, (ulong)(a), (ulong)(b), (ulong)(c), (ulong)(d), 0, 0)
#define HERE -100

/* ---------------------------------------------------------------------------- the console */

static char line[256];
static u32 used;
static long kmsg;
/* The kernel's log where there is one: nothing is printed in the middle of its lines. */

static void add(const char *text)
{
	while (*text && used < sizeof(line) - 1)
		line[used++] = *text++;
}

static void add_number(long value)
{
	char digits[24];
	u32 at = sizeof(digits);

	digits[--at] = 0;
	if (value < 0)
		add("-");
	value = value < 0 ? -value : value;
	do {
		digits[--at] = '0' + (ulong)value % 10;
		value = (ulong)value / 10;
	} while (value);
	add(digits + at);
}

static void print(void)
{
	line[used++] = '\n';
	C3(NR_write, kmsg ? kmsg : 1, line, used);
	used = 0;
}

static void begin(const char *step, const char *word)
{
	add(kmsg ? "<1>" : "");
	add("hypabi-drive: ");
	add(step);
	add(" ");
	add(word);
}

static void tell(const char *step, const char *word, const char *text, long error)
{
	begin(step, word);
	if (*text) {
		add(" ");
		add(text);
	}
	if (error < 0) {
		add(" (error ");
		add_number(-error);
		add(")");
	}
	print();
}

/* ------------------------------------------------------------------------------- helpers */

static int same(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

static long open_file(const char *path, int flags)
{
	return C4(NR_openat, HERE, path, flags, 0);
}

static long put(const char *path, const char *text)
{
	long file = open_file(path, 1), written, size = 0;

	if (file < 0)
		return file;
	while (text[size])
		size++;
	written = C3(NR_write, file, text, size);
	C3(NR_close, file, 0, 0);
	return written;
}

static void nap(long milliseconds)
{
	long time[2] = { milliseconds / 1000, milliseconds % 1000 * 1000000 };

	C3(NR_nanosleep, time, 0, 0);
}

static const char *online(int cpu)
{
	static char path[64];
	u32 before = used, at;

	add("/sys/devices/system/cpu/cpu");
	add_number(cpu);
	add("/online");
	for (at = 0; before + at < used; at++)
		path[at] = line[before + at];
	path[at] = 0;
	used = before;
	return path;
}

/* Return 1 for a CPU that is online, 0 for one that is not, and less where there is none. */
static long is_online(int cpu)
{
	char told = '1';
	long file = open_file(online(cpu), 0), count;

	if (file < 0)
		return cpu ? file : 1;
	count = C3(NR_read, file, &told, 1);
	C3(NR_close, file, 0, 0);
	return count < 0 ? count : told == '1';
}

/* --------------------------------------------------------------------------------- steps */

#define MOST_CPUS 64

static void cpu_hotplug(const char *step)
{
	long result, count = 0;
	int cpu;

	for (cpu = 1; cpu < MOST_CPUS; cpu++) {
		if (is_online(cpu) != 1)
			continue;
		result = put(online(cpu), "0");
		if (result > 0)
			result = put(online(cpu), "1");
		if (result < 0) {
			tell(step, "fails", online(cpu), result);
			return;
		}
		count++;
	}
	if (count)
		tell(step, "done", "every CPU but cpu0 was off and is on again", 0);
	else
		tell(step, "lacks", "a second CPU (--smp), or CONFIG_HOTPLUG_CPU", 0);
}

#ifdef __aarch64__
#define GUEST_RAM 0x40000000ul
#define GUEST_DEVICE 0x09000000ul

extern const u32 guest[], guest_end[];

/* PSCI_VERSION (Arm DEN 0022) of whoever answers a guest; then a store that leaves it. */
asm(".pushsection .rodata\n.balign 8\n.globl guest, guest_end\n"
    "guest: movz w0, #0x8400, lsl #16\nhvc #0\nmovz x1, #0x0900, lsl #16\nstr w0, [x1]\nb .\n"
    "guest_end:\n.popsection\n");

static long run_guest(void)
{
	/* struct kvm_userspace_memory_region, kvm_vcpu_init, kvm_one_reg: Documentation/virt/kvm. */
	struct { u32 slot, flags; u64 at, size, from; } ram = { 0, 0, GUEST_RAM, 0x10000, 0 };
	struct { u32 target, features[7]; } init;
	u64 pc = GUEST_RAM;
	struct { u64 id, from; } reg = { 0x6030000000100040, (ulong)&pc };
	long kvm = open_file("/dev/kvm", 2), vm, cpu, size, result, at;
	volatile u8 *run;
	u32 *memory;

	if (kvm < 0)
		return kvm;
	vm = C3(NR_ioctl, kvm, 0xae01, 0);
	if (vm < 0)
		return vm;
	memory = (u32 *)call(NR_mmap, 0, 0x10000, 3, 0x22, -1, 0);
	for (at = 0; guest + at < guest_end; at++)
		memory[at] = guest[at];
	asm volatile("dsb sy" ::: "memory");
	ram.from = (ulong)memory;
	result = C3(NR_ioctl, vm, 0x4020ae46, &ram);
	if (result < 0)
		return result;
	cpu = C3(NR_ioctl, vm, 0xae41, 0);
	if (cpu < 0)
		return cpu;
	result = C3(NR_ioctl, vm, 0x8020aeaf, &init);
	if (result < 0)
		return result;
	init.features[0] = 1 << 2; /* PSCI 0.2 */
	result = C3(NR_ioctl, cpu, 0x4020aeae, &init);
	if (result < 0)
		return result;
	result = C3(NR_ioctl, cpu, 0x4010aeac, &reg);
	if (result < 0)
		return result;
	size = C3(NR_ioctl, kvm, 0xae04, 0);
	run = (volatile u8 *)call(NR_mmap, 0, size, 3, 1, cpu, 0);
	result = C3(NR_ioctl, cpu, 0xae80, 0);
	if (result < 0)
		return result;
	/* KVM_EXIT_MMIO, where the guest stored, and what: PSCI 0.2 or a later one. */
	if (*(volatile u32 *)(run + 8) != 6 || *(volatile u64 *)(run + 32) != GUEST_DEVICE)
		return -1000 - (long)*(volatile u32 *)(run + 8);
	return *(volatile u32 *)(run + 40) >= 2 ? 0 : -2000;
}

/* Run a guest on one CPU in a process of its own, which is killed where it does not end. */
static long guest_on(int cpu)
{
	u64 mask = 1ull << cpu;
	long child, waited, status = 0, result;

	child = call(NR_clone, 17, 0, 0, 0, 0, 0);
	if (!child) {
		result = C3(NR_sched_setaffinity, 0, sizeof(mask), &mask);
		if (!result)
			result = run_guest();
		C3(NR_exit, result <= -2000 ? 252 : result <= -1000 ? 251 : -result, 0, 0);
	}
	for (waited = 0; waited < 200; waited++) {
		if (C4(NR_wait4, child, &status, 1, 0) == child)
			return status & 0x7f ? 254 : status >> 8 & 0xff;
		nap(50);
	}
	C3(NR_kill, child, 9, 0);
	return 253;
}

static void kvm(const char *step)
{
	long result = open_file("/dev/kvm", 2);
	const char *why;
	int cpu;

	if (result < 0) {
		tell(step, "lacks", "/dev/kvm: CONFIG_KVM, and a start at EL2", result);
		return;
	}
	C3(NR_close, result, 0, 0);
	for (cpu = 0; cpu < MOST_CPUS; cpu++) {
		if (is_online(cpu) != 1)
			continue;
		result = guest_on(cpu);
		if (!result)
			continue;
		why = result == 253 ? "its guest hangs, and was killed after 10 s" :
		      result == 252 ? "its guest was answered that there is no PSCI" :
		      result == 251 ? "its guest left for another reason than its store" :
		      result == 254 ? "the process of its guest was killed" : "its guest does not run";
		begin(step, "fails on cpu");
		add_number(cpu);
		add(": ");
		add(why);
		if (result < 251) {
			add(" (error ");
			add_number(result);
			add(")");
		}
		print();
		return;
	}
	tell(step, "done", "a guest ran on each CPU, and its hvc was answered", 0);
}
#else
static void kvm(const char *step)
{
	tell(step, "lacks", "KVM on 32-bit Arm, which Linux 5.7 took out", 0);
}
#endif

/*
 * The next kernel prints the exception level or the mode that it is entered in, and that nothing
 * comes after it, whatever stands in /drive.
 */
extern const u8 next[], next_end[];
#ifdef __aarch64__
asm(".pushsection .rodata\n.balign 8\n.globl next, next_end\n"
    "next: mrs x3, CurrentEL\nubfx x3, x3, #2, #2\nadd x3, x3, #'0'\n"
    "movz x1, #0x0900, lsl #16\nadr x2, 2f\n"
    "1: ldrb w0, [x2], #1\ncbz w0, 3f\nstr w0, [x1]\nb 1b\n"
    "3: str w3, [x1]\nadr x2, 5f\n"
    "6: ldrb w0, [x2], #1\ncbz w0, 4f\nstr w0, [x1]\nb 6b\n4: wfi\nb 4b\n"
    "2: .asciz \"hypabi-drive: kexec done the next kernel begins at EL\"\n.balign 4\n"
    "5: .asciz \"\\nhypabi-drive: all over\\n\"\n.balign 4\n"
    "next_end:\n.popsection\n");
#else
asm(".pushsection .rodata\n.arm\n.balign 8\n.globl next, next_end\n"
    "next: mrs r3, cpsr\nand r3, r3, #0x1f\ncmp r3, #0x1a\n"
    "mov r1, #0x09000000\nadr r2, 2f\n"
    "1: ldrb r0, [r2], #1\ncmp r0, #0\nbeq 3f\nstr r0, [r1]\nb 1b\n"
    "3: cmp r3, #0x1a\nadreq r2, 5f\nadrne r2, 6f\n"
    "7: ldrb r0, [r2], #1\ncmp r0, #0\nbeq 4f\nstr r0, [r1]\nb 7b\n4: wfi\nb 4b\n"
    "2: .asciz \"hypabi-drive: kexec done the next kernel begins in \"\n.balign 4\n"
    "5: .asciz \"Hyp mode\\nhypabi-drive: all over\\n\"\n.balign 4\n6: .asciz \"another mode than Hyp\\nhypabi-drive: all over\\n\"\n.balign 4\n"
    "next_end:\n.popsection\n");
#endif

static void restart(const char *step, u32 command)
{
	long result = C4(NR_reboot, 0xfee1dead, 672274793, command, 0);

	tell(step, "fails", "the kernel goes on", result);
}

static void kexec(const char *step)
{
	ulong at = 0x42000000;
	struct { const void *from; ulong size; ulong to, room; } part = {
		next, next_end - next, at, 0x10000
	};
	long result = C4(NR_kexec_load, at, 1, &part, 0);

	if (result == -38)
		tell(step, "lacks", "kexec_load: CONFIG_KEXEC", result);
	else if (result < 0)
		tell(step, "fails", "kexec_load", result);
	else
		restart(step, 0x45584543);
}

static void reboot(const char *step)
{
	restart(step, 0x01234567);
}

static void off(const char *step)
{
	restart(step, 0x4321fedc);
}

/* ------------------------------------------------------------------------------- hibernation */

static u8 page[65536];

/* Write the head of a swap area (union swap_header of the kernel's ABI) for pages of a size. */
static long make_swap(const char *path, u32 size)
{
	static const char magic[] = "SWAPSPACE2";
	long file = open_file(path, 2), result;
	u64 bytes = 0;
	u32 at;

	if (file < 0)
		return file;
	result = C3(NR_ioctl, file, BLKGETSIZE64, &bytes);
	for (at = 0; at < size; at++)
		page[at] = 0;
	*(u32 *)(page + 1024) = 1;
	*(u32 *)(page + 1028) = (u32)(bytes / 1024) / (size / 1024) - 1;
	for (at = 0; at < 10; at++)
		page[size - 10 + at] = magic[at];
	if (result >= 0)
		result = C3(NR_write, file, page, size);
	C3(NR_close, file, 0, 0);
	return result < 0 ? result : 0;
}

static long swap_on(const char *path)
{
	long result = -22;
	u32 size;

	for (size = 4096; size <= sizeof(page) && result == -22; size *= 4) {
		result = make_swap(path, size);
		if (!result)
			result = C3(NR_swapon, path, 0, 0);
	}
	return result;
}

/* The image is written to a RAM disk and read again at once: nothing is switched off. */
static void hibernate(const char *step)
{
	long result = put("/sys/power/disk", "test_resume");

	if (result < 0) {
		tell(step, "lacks", "test_resume in /sys/power/disk: CONFIG_HIBERNATION", result);
		return;
	}
	result = open_file("/dev/ram0", 2);
	if (result < 0) {
		tell(step, "lacks", "a RAM disk: the kernel's module brd, by --module", result);
		return;
	}
	C3(NR_close, result, 0, 0);
	result = swap_on("/dev/ram0");
	if (result < 0) {
		tell(step, "fails", "swapon", result);
		return;
	}
	result = put("/sys/power/state", "disk");
	if (result < 0)
		tell(step, "fails", "the image is not made, or not taken up again", result);
	else
		tell(step, "done", "an image of the kernel was made and taken up again", 0);
}

/* Load what stands in /module0, /module1 and so on. */
static void load_modules(void)
{
	static char path[16];
	long file, result;
	u32 at;

	for (at = 0; at < 7; at++)
		path[at] = "/module"[at];
	for (path[7] = '0'; path[7] <= '9'; path[7]++) {
		file = open_file(path, 0);
		if (file < 0)
			return;
		result = C3(NR_finit_module, file, "rd_nr=1 rd_size=262144", 0);
		if (result < 0)
			tell("module", "fails", path, result);
		C3(NR_close, file, 0, 0);
	}
}

static const struct { const char *name; void (*run)(const char *); } STEPS[] = {
	{ "cpu-hotplug", cpu_hotplug }, { "kvm", kvm }, { "kexec", kexec },
	{ "reboot", reboot }, { "off", off }, { "hibernate", hibernate },
};

/* ------------------------------------------------------------------------------------ main */

static void do_step(const char *name)
{
	u32 at;

	tell(name, "begins", "", 0);
	for (at = 0; at < sizeof(STEPS) / sizeof(*STEPS); at++)
		if (same(STEPS[at].name, name)) {
			STEPS[at].run(name);
			return;
		}
	tell(name, "fails", "no such step", 0);
}

void drive(void)
{
	static char wanted[512];
	long file, size = 0, start = 0, at;

	C3(NR_mkdirat, HERE, "/proc", 0755);
	C3(NR_mkdirat, HERE, "/sys", 0755);
	C3(NR_mkdirat, HERE, "/dev", 0755);
	call(NR_mount, (ulong)"sys", (ulong)"/sys", (ulong)"sysfs", 0, 0, 0);
	call(NR_mount, (ulong)"dev", (ulong)"/dev", (ulong)"devtmpfs", 0, 0, 0);
	file = open_file("/dev/kmsg", 1);
	kmsg = file < 0 ? 0 : file;
	load_modules();
	file = open_file("/drive", 0);
	if (file >= 0)
		size = C3(NR_read, file, wanted, sizeof(wanted) - 1);
	for (at = 0; at < size; at++)
		if (wanted[at] == '\n') {
			wanted[at] = 0;
			do_step(wanted + start);
			start = at + 1;
		}
	tell("all", "over", "", 0);
	for (;;)
		nap(1000000);
}
