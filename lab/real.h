// What `layers.c` and `learning.c` share. Both are built twice, with REAL float and double.
#define KEEP __attribute__((visibility("default")))
typedef REAL vec __attribute__((vector_size(16), aligned(sizeof(REAL))));
enum { LANES = 16 / sizeof(REAL) };
#define AT(p) (*(vec *)(p))
#define WHERE(kept, x) ((vec)((kept) & (__typeof__(kept))(x)))

static inline REAL root(REAL x) {
  return sizeof(REAL) == 4 ? __builtin_sqrtf((float)x) : __builtin_sqrt((double)x);
}

REAL dot(const REAL *x, const REAL *y, int count);
