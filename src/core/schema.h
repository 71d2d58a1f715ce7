/*
 * schema.h: what a table looks like to the model.
 *
 * A *value row* is one double per value slot: a number, the index of a level (categories, ordinals,
 * binaries), or NaN for missing. An embedding column has `width` slots, every other column one.
 *
 * A *record* is the encoded row, HvReal[schema.width]. Its columns are grouped by stage, and each
 * stage is its features followed by its mask bits (1 = observed):
 *
 *     | x of stage 0 | m of stage 0 | x of stage 1 | m of stage 1 | …
 *
 * So "all that comes before stage k" and "all up to and including stage k" are prefixes of a
 * record: the ordered model (vae.h) needs no copying to condition on them.
 *
 * Example: age (real), sex (2 levels), sbp (real, stage 1):
 *     age 0.3, sex male, sbp missing  ->  | 0.3 1 | 1 1 | 0 | 0 |
 */
#ifndef HV_SCHEMA_H
#define HV_SCHEMA_H

#include <stdbool.h>

#include "arena.h"
#include "real.h"

/* All limits in one place. A reader of outside bytes checks them before it allocates. */
#define HV_MAX_COLUMNS 1600
#define HV_MAX_LEVELS 256
#define HV_MAX_TEXT 4096      /* bytes of a name or a level */
#define HV_MAX_EMBEDDING 8192 /* width of an embedding column */
#define HV_MAX_WIDTH 65536    /* width of a record */
#define HV_MAX_STAGES 3
#define HV_MAX_LAYERS 4
#define HV_MAX_HIDDEN 4096
#define HV_MAX_LATENT 1024
#define HV_MAX_MEMBERS 16
#define HV_MAX_PARAMETERS ((size_t) 1 << 27)
#define HV_QUANTILES 65 /* points of a stored quantile table: 0, 1/64, … 1 */
#define HV_MAX_KNOTS 160
#define HV_MAX_DIGITS 6
#define HV_LEAST_MASS 0.01
#define HV_MAX_MASSES 100 /* so many there can be */
#define HV_SCORE_MOST 8   /* a normal score is within ±this */

typedef enum HvKind
{
	HV_KIND_AUTO = 0, /* to be found from the data */
	HV_REAL,
	HV_POSITIVE, /* log-normal */
	HV_COUNT,    /* negative binomial */
	HV_ORDINAL,  /* cumulative logit */
	HV_BINARY,
	HV_CATEGORICAL,
	HV_DATE, /* date or time, as a real number of days */
	HV_EMBEDDING,
	HV_AMOUNT, /* of which many are none: the least value has a probability of its own */
	HV_KINDS
} HvKind;

typedef enum HvRole
{
	HV_CONTEXT = 0, /* never changes */
	HV_ACTION,      /* may change */
	HV_OUTCOME,     /* is to improve */
	HV_ROLES
} HvRole;

/* How a cell comes from the table. */
typedef enum HvCell
{
	HV_CELL_NUMBER = 0,
	HV_CELL_TEXT,
	HV_CELL_VECTOR,
	HV_CELLS
} HvCell;

/*
 * x = (t(v) - center) / scale with t(v) = v, log(v + shift), or the normal score of v (scores.h);
 * levels are coded 0, 1, …
 */
typedef enum HvTransform
{
	HV_LINEAR = 0,
	HV_LOG,
	HV_SCORES,
	HV_TRANSFORMS
} HvTransform;

/* A value of the empirical distribution: the shares below it and up to it, as normal quantiles. */
typedef struct HvKnot
{
	double value;
	float low, middle, high;
} HvKnot;

/* A number that many cells have: at least HV_LEAST_MASS of them. */
typedef struct HvMass
{
	double value, share;
} HvMass;

typedef struct HvColumn
{
	/* Given by the caller before the statistics. */
	const char *name;    /* of the table's column */
	const char *type;    /* SQL type as format_type prints it */
	const char *feature; /* of the catalogue, or "" */
	const char *unit;    /* of the catalogue, or "" */
	HvCell cell;
	HvRole role;
	int stage;             /* 0 context and behaviour, 1 body, 2 outcomes; all 0 in a joint model */
	bool integer;          /* numbers of an integer type */
	bool boolean;          /* a boolean: levels "no", "yes" */
	double low, high;      /* plausible range in the column's own unit; -inf, inf when unknown */
	double factor, offset; /* catalogue value = factor * value + offset */
	HvKind kind;           /* HV_KIND_AUTO or the caller's wish; the statistics settle it */
	bool insisted;         /* the user chose the kind: a count is a count, not a score */
	bool fixed_levels;     /* levels were given by the caller (enum, catalogue), in order */
	bool key;              /* the caller knows that it is a key */

	/* Found by the statistics. */
	bool used; /* false: left out, and `note` says why */
	const char *note;
	uint32_t nlevels;
	const char **levels;  /* texts of the levels, also where cells are numbers */
	double *level_values; /* for number cells: the number of each level, increasing; else NULL */
	double *level_shares; /* share of each level among the observed */
	HvTransform transform;
	double shift, center, scale;
	uint32_t nknots; /* at least 2 under HV_SCORES, else 0 */
	HvKnot *knots;   /* values and middles increasing */
	int digits;      /* decimals that hold every value seen; -1: more than HV_MAX_DIGITS */
	uint32_t width;  /* features in a record; value slots when kind is HV_EMBEDDING */
	uint64_t observed, missing, implausible; /* implausible ones count as missing, too */
	double distinct;                         /* exact up to 1024, an estimate above */
	double mean, sd, min, max;
	double quantiles[HV_QUANTILES]; /* of the observed numbers, in the column's unit */
	uint32_t nmasses;               /* of numbers without levels, values increasing */
	HvMass *masses;

	/* Set by hv_schema_layout. */
	uint32_t value_at; /* first slot in a value row */
	uint32_t x_at;     /* first feature in a record */
	uint32_t m_at;     /* mask bit in a record */
} HvColumn;

typedef struct HvStage
{
	uint32_t first, last;      /* columns first … last-1 */
	uint32_t begin, mask, end; /* record: features at begin, mask bits at mask, ends before end */
} HvStage;

typedef struct HvSchema
{
	uint32_t ncolumns;
	HvColumn *columns; /* ordered by stage */
	uint32_t nstages;
	HvStage stages[HV_MAX_STAGES];
	uint32_t nvalues; /* slots of a value row */
	uint32_t width;   /* of a record */
} HvSchema;

/*
 * Drops unused columns, orders the others by stage (stably; stages without a column close up),
 * and fills the positions. HV_NO_DATA when no column is left, HV_TOO_LARGE over a limit.
 */
HvStatus hv_schema_layout(HvSchema *schema);

/* Number of the column with this name, or -1. */
int hv_schema_find(const HvSchema *schema, const char *name);

const char *hv_kind_name(HvKind kind); /* "real", "positive", … */
const char *hv_role_name(HvRole role);

/* The level of a text or a number, as a value (index) or NaN when there is no such level. */
double hv_level_of_text(const HvColumn *column, const char *text, size_t length);
double hv_level_of_number(const HvColumn *column, double number);

/* Whether the column's values are level indexes. */
static inline bool
hv_has_levels(const HvColumn *column)
{
	return column->kind == HV_ORDINAL || column->kind == HV_BINARY ||
	       column->kind == HV_CATEGORICAL;
}

/* Whether the column is a count with its own distribution, rather than a number of scores. */
static inline bool
hv_counts(const HvColumn *column)
{
	return column->kind == HV_COUNT && column->transform == HV_LOG;
}

#endif
