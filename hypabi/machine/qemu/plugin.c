/*
 * A plugin of QEMU that tells of each crossing into EL2 or HYP and back.  It needs QEMU's plugin
 * interface 4 (QEMU 9.1) and neither its headers nor GLib's: what is used of both stands below.
 *
 *	-plugin FILE,fd=N[,frames=on][,names=A:B:...]
 *
 * Records go to descriptor N, each with one write of at most 4096 bytes, so that those of several
 * CPUs do not mix: a head, then 64-bit words or bytes.  hypabi/machine/qemu/plugin.py reads them.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* ----------------------------------------------------------------- QEMU's plugin interface 4 */

typedef struct { char *data; unsigned len; } array;	/* GArray, GByteArray */
typedef struct { void *scoreboard; size_t offset; } cell;	/* qemu_plugin_u64 */
typedef struct { void *handle; const char *name, *feature; } description;
typedef void callback(unsigned cpu, void *of);

enum { READS_REGISTERS = 1 };
enum { IS = 2, IS_NOT = 3 };

EXPORT int qemu_plugin_version = 4;
EXPORT int qemu_plugin_install(uint64_t id, const void *about, int count, char **words);

array *g_byte_array_new(void);
array *g_byte_array_set_size(array *of, unsigned size);
array *qemu_plugin_get_registers(void);
int qemu_plugin_read_register(void *handle, array *into);
bool qemu_plugin_read_memory_vaddr(uint64_t address, array *into, size_t size);
void *qemu_plugin_scoreboard_new(size_t size);
uint64_t qemu_plugin_u64_get(cell of, unsigned cpu);
void qemu_plugin_u64_set(cell of, unsigned cpu, uint64_t value);
void qemu_plugin_register_vcpu_init_cb(uint64_t id, void (*call)(uint64_t id, unsigned cpu));
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, void (*call)(uint64_t id, void *block));
size_t qemu_plugin_tb_n_insns(const void *block);
void *qemu_plugin_tb_get_insn(const void *block, size_t at);
uint64_t qemu_plugin_tb_vaddr(const void *block);
size_t qemu_plugin_insn_data(const void *instruction, void *into, size_t size);
size_t qemu_plugin_insn_size(const void *instruction);
uint64_t qemu_plugin_insn_vaddr(const void *instruction);
void qemu_plugin_register_vcpu_insn_exec_cb(void *instruction, callback *call, int flags, void *of);
void qemu_plugin_register_vcpu_insn_exec_cond_cb(void *instruction, callback *call, int flags,
						 int condition, cell of, uint64_t value, void *data);

/* -------------------------------------------------------------------------------- what is told */

enum { HELLO, CALL, ENTRY, RETURN, LANDING, TABLE, FRAMES, VECTORS };

struct head {
	uint32_t size;	/* of all */
	uint16_t kind, cpu;
	uint64_t time;	/* CLOCK_MONOTONIC, in nanoseconds */
};

enum { MOST_CPUS = 64, MOST_NAMES = 200, MOST_TABLES = 64, MOST_FRAMES = 16, MOST = 4096 };

static bool is_a64, tells_frames;
static int sink = -1;
static cell waits, open;	/* an hvc or smc that has not arrived; crossings that are not back */
static uint64_t links[MOST_CPUS];	/* behind the last hvc or smc */

static char names[MOST_NAMES][24];	/* of registers, the first of which is the program counter */
static unsigned named;
static unsigned general[31];	/* places of x0 to x30 in names */
static void *handles[MOST_CPUS][MOST_NAMES];
static array *buffers[MOST_CPUS];
static uint64_t tables[MOST_CPUS][MOST_TABLES];
static unsigned known[MOST_CPUS];

static void tell(unsigned kind, unsigned cpu, const void *content, size_t size)
{
	struct { struct head head; char content[MOST - sizeof(struct head)]; } record;
	struct timespec now;

	if (size > sizeof(record.content))
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	record.head.size = sizeof(record.head) + size;
	record.head.kind = kind;
	record.head.cpu = cpu;
	record.head.time = now.tv_sec * 1000000000ull + now.tv_nsec;
	memcpy(record.content, content, size);
	if (write(sink, &record, record.head.size) != (ssize_t)record.head.size)
		sink = -1;
}

/* ---------------------------------------------------------------------------------- registers */

enum { PC, STATUS, BASE, FRAME };	/* places in names */

/* Return a register; one that is not described is zero, and the reader knows which those are. */
static uint64_t value(unsigned cpu, unsigned number)
{
	array *into = buffers[cpu];
	uint64_t found = 0;

	if (!handles[cpu][number])
		return 0;
	g_byte_array_set_size(into, 0);
	qemu_plugin_read_register(handles[cpu][number], into);
	memcpy(&found, into->data, into->len < 8 ? into->len : 8);
	return found;
}

static void tell_registers(unsigned kind, unsigned cpu, uint64_t where, uint32_t word)
{
	uint64_t words[MOST_NAMES + 2] = { where, word };
	unsigned at;

	for (at = 0; at < named; at++)
		words[at + 2] = value(cpu, at);
	tell(kind, cpu, words, 8 * (named + 2));
}

static bool is_at_el2(unsigned cpu)
{
	uint64_t status = value(cpu, STATUS);

	return is_a64 ? (status >> 2 & 3) == 2 : (status & 0x1f) == 0x1a;
}

static void on_cpu(uint64_t id, unsigned cpu)
{
	array *described = qemu_plugin_get_registers();
	description *each = (description *)(void *)described->data;
	char text[MOST] = "";
	unsigned at, of;

	(void)id;
	if (cpu >= MOST_CPUS)
		return;
	buffers[cpu] = g_byte_array_new();
	for (at = 0; at < named; at++) {
		for (of = 0; of < described->len; of++)
			if (!strcmp(each[of].name, names[at]) && !handles[cpu][at])
				handles[cpu][at] = each[of].handle;
		if (handles[cpu][at] && strlen(text) < 3800)
			strcat(strcat(text, names[at]), " ");
	}
	tell(HELLO, cpu, text, strlen(text));
}

/* -------------------------------------------------------------------------------- what is seen */

/*
 * Return where an instruction stands.  Code may run at another address than it was translated at,
 * some pages away, and the register may have the start of its block.
 */
static uint64_t place(unsigned cpu, uint64_t translated, uint64_t start)
{
	uint64_t told = value(cpu, PC);

	if (!((told - translated) & 0xfff))
		return told;
	return (told - start) & 0xfff ? translated : told + translated - start;
}

struct site { uint64_t at, block; uint32_t word; };

static struct site *new_site(const void *block, const void *instruction)
{
	struct site *site = calloc(1, sizeof(*site));

	if (!site)
		abort();
	qemu_plugin_insn_data(instruction, &site->word, sizeof(site->word));
	site->at = qemu_plugin_insn_vaddr(instruction);
	site->block = qemu_plugin_tb_vaddr(block);
	return site;
}

/* The frames are those of the caller, whose memory EL2 need not see. */
static void tell_frames(unsigned cpu, uint64_t frame)
{
	uint64_t found[MOST_FRAMES], pair[2];
	array *into = buffers[cpu];
	unsigned count = 0;

	while (count < MOST_FRAMES && frame && !(frame & 7)) {
		if (!qemu_plugin_read_memory_vaddr(frame, into, 16) || into->len != 16)
			break;
		memcpy(pair, into->data, 16);
		found[count++] = pair[1];
		if (pair[0] <= frame)
			break;
		frame = pair[0];
	}
	tell(FRAMES, cpu, found, 8 * count);
}

static void on_call(unsigned cpu, void *of)
{
	struct site *site = of;
	uint64_t at;

	if (cpu >= MOST_CPUS)
		return;
	at = place(cpu, site->at, site->block);
	links[cpu] = at + 4;
	qemu_plugin_u64_set(waits, cpu, 1);
	if (!is_a64)
		qemu_plugin_u64_set(open, cpu, 1);
	tell_registers(CALL, cpu, at, site->word);
	if (tells_frames && is_a64)
		tell_frames(cpu, value(cpu, FRAME));
}

static bool is_new(unsigned cpu, uint64_t base)
{
	unsigned at;

	for (at = 0; at < known[cpu]; at++)
		if (tables[cpu][at] == base)
			return false;
	if (known[cpu] < MOST_TABLES)
		tables[cpu][known[cpu]++] = base;
	return true;
}

static void tell_table(unsigned cpu)
{
	uint64_t base = value(cpu, BASE);
	char content[8 + 0x800];
	size_t size = is_a64 ? 0x800 : 0x20;

	if (!is_new(cpu, base) || !qemu_plugin_read_memory_vaddr(base, buffers[cpu], size))
		return;
	memcpy(content, &base, 8);
	memcpy(content + 8, buffers[cpu]->data, size);
	tell(TABLE, cpu, content, 8 + size);
}

static void on_slot(unsigned cpu, void *of)
{
	struct site *site = of;
	uint64_t slot = is_a64 ? 0x400 : 0x14, base;

	if (cpu >= MOST_CPUS || !is_at_el2(cpu))
		return;
	base = value(cpu, BASE);
	if ((base + slot - site->at) & 0xfff)
		return;
	tell_table(cpu);
	qemu_plugin_u64_set(waits, cpu, 0);
	qemu_plugin_u64_set(open, cpu, 1);
	tell_registers(ENTRY, cpu, base + slot, site->word);
}

static void on_return(unsigned cpu, void *of)
{
	struct site *site = of;

	if (cpu >= MOST_CPUS || !is_at_el2(cpu))
		return;
	tell_table(cpu);
	tell_registers(RETURN, cpu, place(cpu, site->at, site->block), site->word);
}

/* The instruction is MSR (register); what it writes is told, whether or not that is a table. */
static void on_vectors(unsigned cpu, void *of)
{
	struct site *site = of;
	unsigned from = site->word & 0x1f;
	uint64_t base;

	if (cpu >= MOST_CPUS || !is_at_el2(cpu))
		return;
	base = from == 31 ? 0 : value(cpu, general[from]);
	tell(VECTORS, cpu, &base, sizeof(base));
}

static void on_landing(unsigned cpu, void *of)
{
	struct site *site = of;

	uint64_t at;

	if (cpu >= MOST_CPUS)
		return;
	at = place(cpu, site->at, site->block);
	if (at != links[cpu])
		return;
	qemu_plugin_u64_set(waits, cpu, 0);
	if (!is_a64)
		qemu_plugin_u64_set(open, cpu, 0);
	tell_registers(LANDING, cpu, at, site->word);
}

/* -------------------------------------------------------------------------- what is looked for */

enum kind { OTHER, CALLS, RETURNS, SETS_VECTORS };

static enum kind kind_of(uint32_t word, size_t size)
{
	if (size != 4)
		return OTHER;
	if (is_a64) {
		/* DDI 0487, C6.2: HVC, SMC; ERET, ERETAA, ERETAB. */
		if ((word & 0xffe0001f) == 0xd4000002 || (word & 0xffe0001f) == 0xd4000003)
			return CALLS;
		if ((word & 0xffffffe0) == 0xd51cc000)	/* MSR VBAR_EL2, Xt */
			return SETS_VECTORS;
		return word == 0xd69f03e0 || (word | 0x400) == 0xd69f0fff ? RETURNS : OTHER;
	}
	/* DDI 0406C, A8.8: HVC and SMC of A32 and, the first halfword low, of T32. */
	if ((word & 0x0ff000f0) == 0x01400070 || (word & 0x0ffffff0) == 0x01600070)
		return CALLS;
	return (word & 0xf000fff0) == 0x8000f7e0 || (word & 0xfffffff0) == 0x8000f7f0 ? CALLS : OTHER;
}

static bool is_behind[0x1000 / 2];
/* Of places in a page: whether a call was translated before one; a filter of what is read. */

/* Tell whether a call stands before a block: where it comes back to. */
static bool is_behind_call(uint64_t start)
{
	static __thread array *into;
	uint32_t word;

	if (!is_behind[(start & 0xfff) / 2])
		return false;
	into = into ? into : g_byte_array_new();
	if (!qemu_plugin_read_memory_vaddr(start - 4, into, 4) || into->len != 4)
		return false;
	memcpy(&word, into->data, 4);
	return kind_of(word, 4) == CALLS;
}

static void on_block(uint64_t id, void *block)
{
	uint64_t start = qemu_plugin_tb_vaddr(block);
	void *first = qemu_plugin_tb_get_insn(block, 0);
	void *last = qemu_plugin_tb_get_insn(block, qemu_plugin_tb_n_insns(block) - 1);
	uint32_t word = 0;

	(void)id;
	if (is_a64 ? (start & 0x7ff) == 0x400 : (start & 0x1f) == 0x14)
		qemu_plugin_register_vcpu_insn_exec_cond_cb(first, on_slot, READS_REGISTERS, IS_NOT,
							    waits, 0, new_site(block, first));
	if (is_behind_call(start))
		qemu_plugin_register_vcpu_insn_exec_cond_cb(first, on_landing, READS_REGISTERS, IS_NOT,
							    is_a64 ? waits : open, 0,
							    new_site(block, first));
	/* Whatever is looked for ends a block. */
	qemu_plugin_insn_data(last, &word, sizeof(word));
	switch (kind_of(word, qemu_plugin_insn_size(last))) {
	case CALLS:
		is_behind[((qemu_plugin_insn_vaddr(last) + 4) & 0xfff) / 2] = true;
		qemu_plugin_register_vcpu_insn_exec_cb(last, on_call, READS_REGISTERS,
						       new_site(block, last));
		break;
	case RETURNS:
		qemu_plugin_register_vcpu_insn_exec_cond_cb(last, on_return, READS_REGISTERS, IS_NOT,
							    open, 0, new_site(block, last));
		break;
	case SETS_VECTORS:
		qemu_plugin_register_vcpu_insn_exec_cond_cb(last, on_vectors, READS_REGISTERS, IS_NOT,
							    open, 0, new_site(block, last));
		break;
	case OTHER:
		break;
	}
}

static void take_names(char *text)
{
	char *each, *rest;

	for (each = strtok_r(text, ":", &rest); each; each = strtok_r(NULL, ":", &rest))
		if (named < MOST_NAMES && strlen(each) < sizeof(names[0]))
			strcpy(names[named++], each);
}

static const char *behind(const char *word, const char *key)
{
	size_t size = strlen(key);

	return strncmp(word, key, size) ? NULL : word + size;
}

static cell new_cell(void)
{
	cell made = { qemu_plugin_scoreboard_new(sizeof(uint64_t)), 0 };

	return made;
}

/* What of an instruction is looked at depends on what QEMU calls its target, its first word. */
int qemu_plugin_install(uint64_t id, const void *about, int count, char **words)
{
	const char *target = *(const char *const *)about, *told;
	unsigned of;
	int at;

	is_a64 = !strcmp(target, "aarch64");
	for (at = 0; at < count; at++) {
		if ((told = behind(words[at], "fd=")))
			sink = atoi(told);
		else if ((told = behind(words[at], "names=")))
			take_names((char *)told);
		else if ((told = behind(words[at], "frames=")))
			tells_frames = !strcmp(told, "on");
		else
			return -1;
	}
	if (sink < 0 || named <= FRAME)
		return -1;
	for (of = 0; of < named; of++)
		if (is_a64 && names[of][0] == 'x' && atoi(names[of] + 1) <= 30)
			general[atoi(names[of] + 1)] = of;
	waits = new_cell();
	open = new_cell();
	qemu_plugin_register_vcpu_init_cb(id, on_cpu);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_block);
	return 0;
}
