/*
 * effect.h: what the outcomes of one person would be with some actions changed.
 *
 * The answer is a difference of predictions for the same person, with and without the change, at
 * the person's own latent position (SCIENCE 3.3; ANCHORS 5: decode(changed) - decode(unchanged),
 * never decode(changed) - record). An effect passes down the stages: changed behaviour moves the
 * body, and both move the outcomes. Example, one draw of one member, 90 more minutes of exercise:
 *
 *     stage 1   weight  f(changed) - f(unchanged) = -0.03 on the encoded scale
 *               the record's weight moves by that much
 *     stage 2   systolic f(changed, new weight) - f(unchanged, weight) = -0.11
 *               the person's own 138 becomes 136.1
 *
 * Values and targets are in catalogue units (factor and offset of the column) everywhere.
 *
 * In a model of one block there is no such order; there the outcomes are hidden from the encoder
 * and predicted from the changed record, which understates effects (SCIENCE 0.1), but never
 * invents them.
 */
#ifndef HV_EFFECT_H
#define HV_EFFECT_H

#include "evidence.h"
#include "format.h"
#include "line.h"
#include "rules.h"

#define HV_MAX_ITEMS 8 /* actions in one plan */
#define HV_MAX_COUPLED 4
#define HV_MAX_GRID 8 /* targets of one action that a search looks at */

/* A column that follows an action by arithmetic: value × (target / current)^power. */
typedef struct HvCoupling
{
	uint32_t column;
	double power;
} HvCoupling;

/* An action; bounds, recommendation, step and targets are in catalogue units. */
typedef struct HvAction
{
	uint32_t column;
	HvBounds bounds;
	double recommended_low, recommended_high; /* the way goes into this range, no farther */
	double step;                              /* practical unit of change */
	double cost;                              /* effort of one step, 1 = usual */
	double wish; /* how gladly the person would change it: weight of its gain, 1 = usual */
	uint32_t ncoupled;
	HvCoupling coupled[HV_MAX_COUPLED];
} HvAction;

/* The values of an action that are asked for again and again, on the encoded scale. */
typedef struct HvGrid
{
	double current;
	size_t n;
	double target[HV_MAX_GRID], x[HV_MAX_GRID];
} HvGrid;

typedef struct HvItem
{
	uint32_t action; /* index into the case's actions */
	double target;
	double gain; /* of this change alone; set by the search */
} HvItem;

typedef struct HvPlan
{
	uint32_t n;
	HvItem items[HV_MAX_ITEMS];
	double gain; /* set by the search */
} HvPlan;

/* One person before a model, with what a question about them needs. */
typedef struct HvCase
{
	const HvModel *model;
	const HvBlas *blas;
	const HvHost *host;
	const HvReal *record;
	const HvAction *actions;
	uint32_t nactions;
	const uint32_t *outcomes; /* columns whose values are asked for */
	uint32_t noutcomes;
	const int *better; /* outcomes: +1 when more of one is better, -1 when less is */
	uint32_t draws;    /* of the latent position, per member */
	/* made by hv_case_init */
	uint32_t members;
	HvWork work;
	size_t rows;     /* records evaluated at once, a multiple of draws */
	HvReal *records; /* rows×width */
	HvReal *weight;  /* rows×columns, and cells: rows; for the strangeness */
	uint32_t *cells;
	HvReal **z;        /* per block: draws×latent */
	HvReal **base;     /* per block: draws×columns of the stage, expected features unchanged */
	double *unchanged; /* members×draws×outcomes: values without a change */
	double *value;     /* outcomes: the person's own, or the expected one where it is missing */
	HvGrid *grid;      /* actions */
	bool lines;        /* the model has a copula, and with it: */
	HvLines line;
	double *unit; /* outcomes: what one encoded unit is at the value */
	/* single changes that a search has asked every member about, and what each made of them */
	size_t nasked;
	const HvItem *asked;
	const double *answers; /* asked×members×draws×outcomes: differences from unchanged */
} HvCase;

/* The caller has filled the fields before "made by"; the rest is computed here. */
HvStatus hv_case_init(HvCase *c, HvArena *arena);

/*
 * values[plan][draw][outcome] of `nplans` plans under one member. What a
 * plan does to outcome k in draw d is that minus c->unchanged[member][d][k].
 */
void hv_case_values(HvCase *c, uint32_t member, const HvPlan *plans, size_t nplans, double *values);

/* effect_line.c: c->line, the slopes of all actions; hv_case_init does it. */
HvStatus hv_case_lines(HvCase *c, HvArena *arena);

/* A target of an action on the encoded scale. */
double hv_case_x(const HvCase *c, uint32_t action, double target);

/* How far an item moves its action, in encoded units (about standard deviations of people). */
double hv_case_move(const HvCase *c, const HvItem *item);

/* What an item does to an outcome by arithmetic is not to be estimated. */
bool hv_case_coupled(const HvCase *c, uint32_t action, uint32_t outcome);

/*
 * The effect of an item by the straight line, in units of the outcome: of the data alone, and weighed
 * with the guideline. False where there is none.
 */
bool hv_case_line(const HvCase *c, const HvItem *item, uint32_t outcome, HvBelief *alone,
                  HvBelief *guided);

/*
 * nats[nplans]: how strange context and behaviour of the person are with each plan, -ELBO of the first
 * stage. What a plan does to the body is not counted.
 */
void hv_case_strangeness(HvCase *c, const HvPlan *plans, size_t nplans, double *nats);

#endif
