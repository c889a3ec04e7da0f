/* A small hypervisor: calls by number, a jump table, a table of functions, a loop, a counter. */

typedef unsigned long word;

#ifdef __aarch64__
struct registers { word x[20], x29, x30; };
#define HVC 0x16 /* ESR_EL2.EC: HVC executed in AArch64 state */
#define MISALIGNED 0x7ff
static word syndrome(void) { word v; __asm__ volatile("mrs %0, esr_el2" : "=r"(v)); return v; }
static word vectors(void) { word v; __asm__ volatile("mrs %0, vbar_el2" : "=r"(v)); return v; }
static void set_vectors(word v) { __asm__ volatile("msr vbar_el2, %0" :: "r"(v)); }
#else
struct registers { word x[13], lr; };
#define HVC 0x12 /* HSR.EC: HVC executed in AArch32 state */
#define MISALIGNED 0x1f
static word syndrome(void) { word v; __asm__ volatile("mrc p15,4,%0,c5,c2,0" : "=r"(v)); return v; }
static word vectors(void) { word v; __asm__ volatile("mrc p15,4,%0,c12,c0,0" : "=r"(v)); return v; }
static void set_vectors(word v) { __asm__ volatile("mcr p15,4,%0,c12,c0,0" :: "r"(v)); }
#endif

#ifndef VERSION
#define VERSION 0x10001
#endif

static word made_live;

static __attribute__((noinline)) word set(word a, word b)
{
	(void)b;
	if (a & MISALIGNED)
		return -22;
	set_vectors(a);
	made_live++;
	return 0;
}

static __attribute__((noinline)) word get(word a, word b) { (void)a; (void)b; return vectors(); }
static __attribute__((noinline)) word version(word a, word b) { (void)a; (void)b; return VERSION; }
static __attribute__((noinline)) word add(word a, word b) { return a + b; }

static word (*const served[])(word, word) = { set, get, version, add };

static word counted(const struct registers *of)
{
	word sum = 0;

	for (int i = 1; i < 5; i++)
		sum += of->x[i];
	return sum;
}

static volatile word sink;

/* More code than is followed of a kernel, where no hypercall goes. */
static __attribute__((noinline)) void fault(struct registers *of)
{
#define FOUR(n) sink += of->x[n] / 7; sink *= of->x[n + 1]; sink ^= of->x[n + 2]; sink -= of->x[n + 3];
#define SIXTEEN FOUR(0) FOUR(1) FOUR(2) FOUR(3)
#define MANY SIXTEEN SIXTEEN SIXTEEN SIXTEEN
	MANY MANY MANY MANY
}

void hyp_trap(struct registers *of)
{
	if (syndrome() >> 26 != HVC) {
		fault(of);
		return;
	}
	switch (of->x[0]) {
	case 0: case 1: case 2: case 3:
		of->x[0] = served[of->x[0]](of->x[1], of->x[2]);
		break;
	case 4:
		of->x[0] = counted(of);
		break;
	case 5:
		of->x[0] = of->x[1] * 3;
		break;
	case 6:
		of->x[0] = ~of->x[1];
		break;
	case 7:
		of->x[0] = of->x[1] << 4;
		break;
	default:
		of->x[0] = -1;
	}
}
