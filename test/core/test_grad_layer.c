/*
 * test_grad_layer.c: the backward functions of layer.c and elementwise.c against central
 * differences of the forward ones. Compiled with a double core.
 *
 * Each check makes a scalar of the output, sum of c_i y_i with random c, so that dy = c.
 */
#include "elementwise.h"
#include "hv_test.h"
#include "layer.h"
#include "rng.h"

#define H 1e-6

enum
{
	ROWS = 9,
	IN = 6,
	OUT = 5,
	LDX = 8, /* x is a slice of a wider record */
	LATENT = 7,
};

typedef double (*LossFn)(void);

static HvBlas blas;
static HvReal x[ROWS * LDX], w[OUT * IN], bias[OUT], y[ROWS * OUT], c[ROWS * OUT];
static HvReal code[ROWS * 2 * LATENT], noise[ROWS * LATENT], z[ROWS * LATENT], kl[ROWS];
static HvReal cz[ROWS * LATENT], kl_weight[ROWS];
static double beta;

/* Relative error of a gradient over the n numbers at p. */
static double
gradient_error(LossFn loss, HvReal *p, const HvReal *gradient, size_t n)
{
	double difference = 0, size = 0;

	for (size_t i = 0; i < n; i++)
	{
		HvReal kept = p[i];
		double up, down, want;

		p[i] = kept + H;
		up = loss();
		p[i] = kept - H;
		down = loss();
		p[i] = kept;
		want = (up - down) / (2 * H);
		difference += pow(gradient[i] - want, 2);
		size += want * want;
	}
	return sqrt(difference / size);
}

static double
dot(const HvReal *a, const HvReal *b, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

static double
linear_loss(void)
{
	hv_linear_forward(&blas, y, OUT, x, LDX, w, ROWS, IN, OUT, false);
	return dot(y, c, ROWS * OUT);
}

static double
relu_layer_loss(void)
{
	hv_linear_forward(&blas, y, OUT, x, LDX, w, ROWS, IN, OUT, false);
	hv_add_bias(y, OUT, bias, ROWS, OUT, true);
	return dot(y, c, ROWS * OUT);
}

static double
relu_loss(void)
{
	memcpy(y, x, sizeof(y));
	hv_relu(y, ROWS * OUT);
	return dot(y, c, ROWS * OUT);
}

static double
softplus_loss(void)
{
	hv_softplus(y, x, ROWS * OUT);
	return dot(y, c, ROWS * OUT);
}

static double
code_loss(void)
{
	HvReal copy[ROWS * 2 * LATENT];
	double sum;

	memset(kl, 0, sizeof(kl));
	memcpy(copy, code, sizeof(copy));
	hv_reparametrise(copy, noise, z, kl, ROWS, LATENT);
	sum = dot(z, cz, ROWS * LATENT);
	for (int r = 0; r < ROWS; r++)
		sum += kl_weight[r] * beta * kl[r];
	return sum;
}

/* Every LDX-th row starts a row of x: the gradient is laid out alike, 0 in the gaps. */
static void
linear(void)
{
	HvReal dw[OUT * IN] = {0}, dx[ROWS * LDX] = {0};
	double error;

	hv_linear_backward(&blas, dw, dx, LDX, c, OUT, x, LDX, w, ROWS, IN, OUT, false);
	error = gradient_error(linear_loss, w, dw, OUT * IN);
	ok(error < 1e-5, "linear, weights: relative error %.1e", error);
	error = gradient_error(linear_loss, x, dx, ROWS * LDX);
	ok(error < 1e-5, "linear, input: relative error %.1e", error);
}

static void
relu_layer(void)
{
	HvReal dw[OUT * IN] = {0}, dx[ROWS * LDX] = {0}, db[OUT] = {0}, d[ROWS * OUT];
	double error;

	relu_layer_loss();
	memcpy(d, c, sizeof(d));
	hv_relu_backward(d, y, db, ROWS, OUT);
	hv_linear_backward(&blas, dw, dx, LDX, d, OUT, x, LDX, w, ROWS, IN, OUT, false);
	error = gradient_error(relu_layer_loss, w, dw, OUT * IN);
	ok(error < 1e-5, "linear, bias, relu; weights: relative error %.1e", error);
	error = gradient_error(relu_layer_loss, bias, db, OUT);
	ok(error < 1e-5, "linear, bias, relu; bias: relative error %.1e", error);
	error = gradient_error(relu_layer_loss, x, dx, ROWS * LDX);
	ok(error < 1e-5, "linear, bias, relu; input: relative error %.1e", error);

	relu_loss();
	memcpy(d, c, sizeof(d));
	hv_relu_backward(d, y, db, ROWS, OUT);
	error = gradient_error(relu_loss, x, d, ROWS * OUT);
	ok(error < 1e-5, "relu: relative error %.1e", error);
}

/* d softplus = sigmoid: what the Bernoulli likelihood builds on. */
static void
softplus(void)
{
	HvReal d[ROWS * OUT];
	double error;

	hv_sigmoid(d, x, ROWS * OUT);
	for (int i = 0; i < ROWS * OUT; i++)
		d[i] *= c[i];
	error = gradient_error(softplus_loss, x, d, ROWS * OUT);
	ok(error < 1e-5, "softplus: relative error %.1e", error);
}

static void
reparametrisation(const char *what, const HvReal *weight)
{
	HvReal d[ROWS * 2 * LATENT], clamped[ROWS * 2 * LATENT];
	double error;

	for (int r = 0; r < ROWS; r++)
		kl_weight[r] = weight != NULL ? weight[r] : 1;
	memcpy(clamped, code, sizeof(code));
	memset(kl, 0, sizeof(kl));
	hv_reparametrise(clamped, noise, z, kl, ROWS, LATENT);
	for (int i = 0; i < ROWS * 2 * LATENT; i++)
		d[i] = 777;
	hv_reparametrise_backward(d, clamped, noise, cz, weight, beta, ROWS, LATENT);
	error = gradient_error(code_loss, code, d, ROWS * 2 * LATENT);
	ok(error < 1e-5, "reparametrisation and KL, %s: relative error %.1e", what, error);
	ok(d[LATENT] == 0 && d[2 * LATENT + LATENT + 1] == 0, "%s: a clamped logvar gets none", what);
}

int
main(void)
{
	HvReal weight[ROWS];

	blas = test_blas();
	hv_normals(3, 1, 0, x, ROWS * LDX);
	hv_normals(3, 2, 0, w, OUT * IN);
	hv_normals(3, 3, 0, bias, OUT);
	hv_normals(3, 4, 0, c, ROWS * OUT);
	hv_normals(3, 5, 0, code, ROWS * 2 * LATENT);
	hv_normals(3, 6, 0, noise, ROWS * LATENT);
	hv_normals(3, 7, 0, cz, ROWS * LATENT);
	hv_uniforms(3, 8, 0, weight, ROWS);
	weight[4] = 0;
	/* a logvar beyond each clamp */
	code[LATENT] = HV_LOGVAR_MIN - 1;
	code[2 * LATENT + LATENT + 1] = HV_LOGVAR_MAX + 1;

	linear();
	relu_layer();
	softplus();
	beta = 1;
	reparametrisation("beta 1", NULL);
	beta = 0.3;
	reparametrisation("beta 0.3, weighted rows", weight);
	beta = 0;
	reparametrisation("beta 0", NULL);
	return done_testing();
}
