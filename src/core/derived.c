/*
 * derived.c: body mass index = weight / height^2, in kg and m.
 *
 * Worked example: height 70 inches (factor 2.54: 177.8 cm), weight 180 lb (factor .4536: 81.6 kg) give
 * 81.6 / 1.778^2 = 25.8.
 */
#include "derived.h"

#include <math.h>
#include <string.h>

#include "encode.h"

void
hv_derived_find(HvDerived *derived, const HvSchema *schema)
{
	*derived = (HvDerived){-1, -1, -1};
	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		const HvColumn *column = &schema->columns[j];

		if (column->cell != HV_CELL_NUMBER || hv_has_levels(column))
			continue;
		if (strcmp(column->feature, "height_cm") == 0)
			derived->height = (int) j;
		else if (strcmp(column->feature, "weight_kg") == 0)
			derived->weight = (int) j;
		else if (strcmp(column->feature, "bmi_kg_m2") == 0)
			derived->bmi = (int) j;
	}
}

static double
catalogue_value(const HvColumn *column, const double *values)
{
	return values[column->value_at] * column->factor + column->offset;
}

/* Writes a value in catalogue units as the column writes numbers, which may also be a NaN. */
static void
set_value(const HvColumn *column, double *values, double value)
{
	double own = (value - column->offset) / column->factor;

	values[column->value_at] = isnan(own) ? NAN : hv_round_number(column, own);
}

int
hv_derive(const HvDerived *derived, const HvSchema *schema, const bool *fixed, double *values)
{
	const HvColumn *columns = schema->columns;
	double height, weight, bmi;

	if (derived->height < 0 || derived->weight < 0 || derived->bmi < 0)
		return -1;
	height = catalogue_value(&columns[derived->height], values) / 100;
	weight = catalogue_value(&columns[derived->weight], values);
	bmi = catalogue_value(&columns[derived->bmi], values);
	if (!fixed[derived->bmi])
	{
		if (!(height > 0))
			return -1;
		set_value(&columns[derived->bmi], values, weight / (height * height));
		return derived->bmi;
	}
	if (!fixed[derived->weight])
	{
		set_value(&columns[derived->weight], values, bmi * height * height);
		return derived->weight;
	}
	if (!fixed[derived->height] && bmi > 0 && weight > 0)
	{
		set_value(&columns[derived->height], values, 100 * sqrt(weight / bmi));
		return derived->height;
	}
	return -1;
}
