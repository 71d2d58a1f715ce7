/*
 * test_layer.c: the fully connected layer and hv_gemm against plain loops, with row distances,
 * adding, and sizes of 0; a matrix turned around.
 */
#include "hv_test.h"
#include "layer.h"
#include "rng.h"
#include "transpose.h"

enum
{
	MOST = 300 * 300,
};

static HvBlas blas;
static HvReal x[MOST], w[MOST], y[MOST], want[MOST], dw[MOST], dx[MOST];

/* Small integers: every sum is exact, whatever the order. */
static void
fill(HvReal *a, uint64_t stream)
{
	hv_uniforms(11, stream, 0, a, MOST);
	for (int i = 0; i < MOST; i++)
		a[i] = (HvReal) floor(a[i] * 9 - 4);
}

static bool
same(const HvReal *a, const HvReal *b)
{
	return memcmp(a, b, MOST * sizeof(HvReal)) == 0;
}

static bool
forward(size_t n, size_t in, size_t out, size_t ldx, size_t ldy, bool add)
{
	fill(x, 1);
	fill(w, 2);
	fill(y, 3);
	memcpy(want, y, sizeof(y));
	for (size_t r = 0; r < n; r++)
		for (size_t j = 0; j < out; j++)
		{
			HvReal sum = add ? want[r * ldy + j] : 0;

			for (size_t i = 0; i < in; i++)
				sum += x[r * ldx + i] * w[j * in + i];
			want[r * ldy + j] = sum;
		}
	hv_linear_forward(&blas, y, ldy, x, ldx, w, n, in, out, add);
	return same(y, want);
}

static bool
backward(size_t n, size_t in, size_t out, size_t ldx, size_t ldy, bool add)
{
	bool good;

	fill(x, 1);
	fill(w, 2);
	fill(y, 3);
	fill(dw, 4);
	memcpy(want, dw, sizeof(dw));
	for (size_t r = 0; r < n; r++)
		for (size_t j = 0; j < out; j++)
			for (size_t i = 0; i < in; i++)
				want[j * in + i] += y[r * ldy + j] * x[r * ldx + i];
	for (size_t i = 0; i < out * in && !add; i++)
		want[i] -= dw[i];
	fill(dx, 5);
	hv_linear_backward(&blas, dw, dx, ldx, y, ldy, x, ldx, w, n, in, out, add);
	good = same(dw, want);

	fill(want, 5);
	for (size_t r = 0; r < n; r++)
		for (size_t i = 0; i < in; i++)
		{
			HvReal sum = 0;

			for (size_t j = 0; j < out; j++)
				sum += y[r * ldy + j] * w[j * in + i];
			want[r * ldx + i] = sum;
		}
	return good && same(dx, want);
}

static void
transpose(void)
{
	enum
	{
		MOST = 13,
		LD = 15
	};
	HvReal from[MOST * LD], to[MOST * LD];
	bool good = true;

	for (size_t i = 0; i < MOST * LD; i++)
		from[i] = (HvReal) i;
	for (size_t rows = 0; rows <= MOST; rows++)
		for (size_t cols = 0; cols <= MOST; cols++)
		{
			for (size_t i = 0; i < MOST * LD; i++)
				to[i] = -1;
			hv_transpose(to, LD, from, LD, rows, cols);
			for (size_t i = 0; i < MOST; i++)
				for (size_t j = 0; j < MOST; j++)
					good = good && to[j * LD + i] == (i < rows && j < cols ? from[i * LD + j] : -1);
		}
	ok(good, "transposed, 0 to 13 rows and columns, and nothing beside");
}

int
main(void)
{
	/* n, in, out, distance of x, distance of y */
	static const size_t shapes[][5] = {
		{1, 1, 1, 1, 1},   {7, 5, 3, 5, 3},      {7, 5, 3, 11, 9},   {32, 10, 16, 10, 16},
		{3, 40, 1, 40, 1}, {30, 33, 31, 40, 35}, {1, 8, 20, 21, 33},
	};

	blas = test_blas();
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		for (int add = 0; add < 2; add++)
		{
			const size_t *s = shapes[i];

			ok(forward(s[0], s[1], s[2], s[3], s[4], add), "forward %zux%zu->%zu%s", s[0], s[1],
			   s[2], add ? ", added" : "");
			ok(backward(s[0], s[1], s[2], s[3], s[4], add), "backward %zux%zu->%zu%s", s[0], s[1],
			   s[2], add ? ", added" : "");
		}
	/* more than a tile in every direction, whether these kernels want tiles or not */
	for (int small = 0; small < 2; small++)
	{
		blas.small = small == 1;
		ok(forward(300, 130, 129, 140, 133, false) && backward(300, 130, 129, 140, 133, true) &&
		       backward(130, 300, 129, 300, 129, false),
		   "large products%s", small ? ", in tiles" : "");
	}

	ok(forward(0, 5, 3, 5, 3, false) && backward(0, 5, 3, 5, 3, false), "no rows");
	ok(forward(4, 5, 0, 5, 1, false), "no outputs");
	ok(forward(4, 0, 3, 0, 3, false), "no inputs gives zeroes");
	ok(forward(4, 0, 3, 0, 3, true), "or what was there");
	ok(backward(4, 5, 0, 5, 0, false), "backward without outputs");

	fill(dw, 4);
	hv_linear_backward(&blas, dw, NULL, 0, y, 3, x, 5, w, 4, 5, 3, false);
	ok(true, "backward without dx");
	transpose();
	return done_testing();
}
