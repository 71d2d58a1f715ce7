/*
 * anomaly.h: how strange a record is, for any of four reasons.
 *
 *   forest    it stands alone: few steps of an isolation forest over the values
 *   ties      its cells do not go together: each is compared with what all others let expect (accord.h);
 *             deviations are counted in nats of their own column's tail, beyond the first
 *   tails     its cells are extreme: tail sums of the marginal distributions (ECOD: Li et al., TKDE 2022)
 *   density   the network finds it unlikely: -ELBO at the posterior means
 *
 * All but the forest are means over the observed cells, so a row with gaps is judged by what it has. Each
 * number becomes a tail probability p among the training rows (tail.h), and the row is as strange as the
 * strangest: the smallest of the p, each to the power of its weight but not more than e^4 times as large
 * (anomaly_fit.c says where the weights come from). Its own tail probability among the training rows, from 1, is
 * the score: uniform over the rows that the model was trained on.
 */
#ifndef HV_ANOMALY_H
#define HV_ANOMALY_H

#include "accord.h"
#include "format.h"
#include "predict.h"

/* What judging one record after the other needs. */
typedef struct HvJudge
{
	const HvModel *model;
	const HvBlas *blas;
	HvWork work; /* for one row */
	HvReal *weight;
	double usual; /* observed cells of a training row, on average */
	HvAccordWork accord;
	float *residual; /* per column, of the last record; -1 where there is none */
	/* tails */
	float *left, *right; /* per column HV_MAX_LEVELS: nats of a level */
	bool *downward;      /* the tail that a skewed column is judged by */
	float *normal;       /* nats of a normal score's tail, on a grid */
	/* forest */
	float *features;
	double part[HV_PARTS]; /* of the last record */
} HvJudge;

HvStatus hv_judge_init(HvJudge *judge, const HvModel *model, const HvBlas *blas, HvArena *arena);

/* The score in 0 … 1, or NaN when no cell is observed. model->strange.fitted must hold. */
double hv_judge(HvJudge *judge, const HvReal *record);

/* The parts of a record into judge->part, -infinity for one that does not apply; its observed cells. */
uint32_t hv_judge_parts(HvJudge *judge, const HvReal *record);

/* The weighted nats of the strangest part. */
double hv_judge_combine(const HvStrange *strange, const double *part);

/* The part that is made of the residuals, which it leaves in judge->residual; hv_accord_read first. */
double hv_judge_ties(HvJudge *judge, const HvReal *record, uint32_t cells);

/* The forest's features of a record into judge->features; their number. hv_accord_read first. */
uint32_t hv_judge_features(HvJudge *judge, const HvReal *record);

/* anomaly_fit.c: model->strange from n training records, in memory of `arena`. */
HvStatus hv_anomaly_fit(HvModel *model, const HvBlas *blas, const HvReal *records, size_t n,
                        const HvHost *host, HvArena *arena);

#endif
