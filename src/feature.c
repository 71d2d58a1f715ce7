/*
 * feature.c: what the catalogue knows about the columns of a relation.
 *
 * One query for all columns: a column is the feature that hadvice.column_map names, else the one
 * that bears its name (in any case), else the one that has it as a synonym.
 */
#include "hadvice.h"

#include "feature.h"

#include <math.h>

#include "spi.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

static const char *const features_sql =
	"SELECT c.ord::int, f.feature, f.unit, f.role, f.stage::int, coalesce(m.factor, 1),"
	"       coalesce(m.\"offset\", 0), f.plausible_low, f.plausible_high, f.kind, f.levels"
	"  FROM unnest($2) WITH ORDINALITY AS c (name, ord)"
	"  LEFT JOIN hadvice.column_map AS m ON m.source = $1 AND m.column_name::text = c.name"
	" CROSS JOIN LATERAL"
	"       (SELECT * FROM hadvice.features AS f"
	"         WHERE CASE WHEN m.feature IS NOT NULL THEN f.feature = m.feature"
	"                    ELSE f.feature = lower(c.name) OR lower(c.name) = ANY (f.synonyms) END"
	"         ORDER BY f.feature = lower(c.name) DESC, f.feature"
	"         LIMIT 1) AS f";

/* The number in an enumeration of the core by its name; `none` when there is no such name. */
static int
by_name(const char *name, const char *(*name_of)(int), int count, int none)
{
	for (int i = 0; name != NULL && i < count; i++)
		if (strcmp(name, name_of(i)) == 0)
			return i;
	return none;
}

static const char *
kind_name(int kind)
{
	return hv_kind_name((HvKind) kind);
}

static const char *
role_name(int role)
{
	return hv_role_name((HvRole) role);
}

static List *
texts_of_array(Datum array)
{
	List *texts = NIL;
	Datum *elements;
	bool *nulls;
	int n;

	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &elements,
	                  &nulls, &n);
	for (int i = 0; i < n; i++)
		if (!nulls[i])
			texts = lappend(texts, TextDatumGetCString(elements[i]));
	return texts;
}

/* The plausible range is given in the feature's unit, and a column wants it in its own. */
static void
set_range(HvColumn *column, double low, double high)
{
	double a = (low - column->offset) / column->factor;
	double b = (high - column->offset) / column->factor;

	column->low = column->factor > 0 ? a : b;
	column->high = column->factor > 0 ? b : a;
}

static void
set_feature(HvColumn *column, uint64 row, List **levels)
{
	bool isnull;
	Datum array = hv_spi_datum(row, 11, &isnull);
	const char *unit = hv_spi_text(row, 3);

	column->feature = hv_spi_text(row, 2);
	column->unit = unit != NULL ? unit : "";
	column->role = (HvRole) by_name(hv_spi_text(row, 4), role_name, HV_ROLES, HV_CONTEXT);
	column->stage = hv_spi_int(row, 5);
	column->factor = hv_spi_float(row, 6, 1);
	column->offset = hv_spi_float(row, 7, 0);
	column->kind = (HvKind) by_name(hv_spi_text(row, 10), kind_name, HV_KINDS, HV_KIND_AUTO);
	set_range(column, hv_spi_float(row, 8, -INFINITY), hv_spi_float(row, 9, INFINITY));
	*levels = isnull ? NIL : texts_of_array(array);
}

void
hv_features_find(Oid source, HvColumn *columns, uint32_t n, List **levels)
{
	Datum *names = palloc(sizeof(Datum) * Max(n, 1));
	HvParam params[2] = {{REGCLASSOID, ObjectIdGetDatum(source), false}, {.type = TEXTARRAYOID}};
	uint64 rows;

	for (uint32_t i = 0; i < n; i++)
	{
		HvColumn *column = &columns[i];

		names[i] = CStringGetTextDatum(column->name);
		column->feature = column->unit = "";
		column->factor = 1;
		column->low = -INFINITY;
		column->high = INFINITY;
		levels[i] = NIL;
	}
	params[1].value =
		PointerGetDatum(construct_array(names, (int) n, TEXTOID, -1, false, TYPALIGN_INT));
	rows = hv_spi_query(features_sql, true, 2, params);
	for (uint64 row = 0; row < rows; row++)
	{
		int at = hv_spi_int(row, 1) - 1;

		set_feature(&columns[at], row, &levels[at]);
	}
}

/* Few of a table's columns have one, so they are looked up by name here. */
void
hv_kinds_find(Oid source, HvColumn *columns, uint32_t n, List **levels)
{
	HvParam param = {REGCLASSOID, ObjectIdGetDatum(source), false};
	uint64 rows = hv_spi_query("SELECT column_name::text, kind, levels FROM hadvice.column_kinds"
	                           " WHERE source = $1",
	                           true, 1, &param);

	for (uint64 row = 0; row < rows; row++)
	{
		const char *name = hv_spi_text(row, 1);
		bool isnull;
		Datum array = hv_spi_datum(row, 3, &isnull);

		for (uint32_t i = 0; i < n; i++)
			if (strcmp(columns[i].name, name) == 0)
			{
				columns[i].kind =
					(HvKind) by_name(hv_spi_text(row, 2), kind_name, HV_KINDS, HV_KIND_AUTO);
				columns[i].insisted = true;
				if (!isnull)
					levels[i] = texts_of_array(array);
			}
	}
}
