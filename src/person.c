/*
 * person.c: from a row of any table to a person of the catalogue.
 *
 * Example: (sex 'F', weight_lb 176, smoker false) with weight_lb mapped to weight_kg by factor
 * 0.4536 becomes {"sex": "female", "weight_kg": 79.8} and smoker, which no feature is named after,
 * is passed over. The whole row counts, not only what the model was trained on: a rule may ask for
 * a column that was constant among the rows of the training.
 */
#include "hadvice.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/formatting.h"
#include "utils/numeric.h"
#include "utils/typcache.h"

#include "json.h"
#include "person.h"
#include "reader.h"
#include "spi.h"

typedef struct Mapping
{
	const char *column;
	int feature;
	double factor, offset;
} Mapping;

struct HvPersonMap
{
	MemoryContext cxt;
	int nmappings; /* of hadvice.column_map */
	Mapping *mappings;
	/* attributes of the row type seen last */
	Oid type;
	int32 typmod;
	int natts;
	Mapping *atts; /* feature -1: passed over */
	HvReader *readers;
};

HvPersonMap *
hv_person_map(const HvCatalogue *catalogue, Oid relid, MemoryContext cxt)
{
	HvPersonMap *map = MemoryContextAllocZero(cxt, sizeof(HvPersonMap));
	HvParam source = {.type = OIDOID, .value = ObjectIdGetDatum(relid)};
	uint64 n;

	map->cxt = cxt;
	if (!OidIsValid(relid))
		return map;
	hv_spi_connect();
	n = hv_spi_query("SELECT column_name, feature, factor, \"offset\" FROM hadvice.column_map"
	                 " WHERE source OPERATOR(pg_catalog.=) $1",
	                 true, 1, &source);
	map->mappings = MemoryContextAllocZero(cxt, (n + 1) * sizeof(Mapping));
	for (uint64 i = 0; i < n; i++)
		map->mappings[i] = (Mapping){
			.column = MemoryContextStrdup(cxt, hv_spi_text(i, 1)),
			.feature = hv_catalogue_find(catalogue, hv_spi_text(i, 2)),
			.factor = hv_spi_float(i, 3, 1),
			.offset = hv_spi_float(i, 4, 0),
		};
	map->nmappings = (int) n;
	hv_spi_finish();
	return map;
}

/* A mapped column is what it is mapped to; another is the feature of its name. */
static Mapping
find_mapping(const HvCatalogue *catalogue, const HvPersonMap *map, const char *column)
{
	Mapping mapping = {.column = column, .factor = 1};

	for (int i = 0; i < map->nmappings; i++)
		if (strcmp(map->mappings[i].column, column) == 0)
			return map->mappings[i];
	mapping.feature = hv_catalogue_find(catalogue, column);
	return mapping;
}

/* The level that a word means: itself, yes/no in other words, or the only one it is a start of. */
static const char *
match_level(const HvFeature *feature, const char *word)
{
	static const char *const yes[] = {"y", "true", "t", "1"};
	static const char *const no[] = {"n", "false", "f", "0"};
	const char *start = NULL;
	bool yes_no = feature->nlevels >= 2 && strcmp(feature->levels[0], "no") == 0;

	for (int i = 0; i < feature->nlevels; i++)
		if (strcmp(feature->levels[i], word) == 0)
			return word;
	for (int i = 0; yes_no && i < (int) lengthof(yes); i++)
	{
		if (strcmp(yes[i], word) == 0)
			return "yes";
		if (strcmp(no[i], word) == 0)
			return "no";
	}
	for (int i = 0; i < feature->nlevels; i++)
		if (strncmp(feature->levels[i], word, strlen(word)) == 0)
		{
			if (start != NULL)
				return word;
			start = feature->levels[i];
		}
	return start != NULL ? start : word;
}

static void
put_number(const HvFeature *feature, double number, double *to, StringInfo json)
{
	if (!isfinite(number) || number < feature->plausible_low || number > feature->plausible_high)
		return;
	*to = number;
	hv_json_key(json, feature->feature);
	hv_json_number(json, number);
}

static void
put_word(const HvFeature *feature, const char *bytes, size_t length, StringInfo json)
{
	char *word = str_tolower(bytes, length, C_COLLATION_OID);

	if (*word == '\0')
		return;
	hv_json_key(json, feature->feature);
	hv_json_text(json, match_level(feature, word));
}

/* One cell of the row: a number of a feature with words is a code, 0 or 1. */
static void
put_cell(const HvFeature *feature, const Mapping *mapping, const HvRaw *raw, bool is_number,
         double *number, StringInfo json)
{
	if (raw->missing)
		return;
	if (is_number && feature->nlevels == 0)
		put_number(feature, mapping->factor * raw->number + mapping->offset, number, json);
	else if (is_number)
	{
		char *code = psprintf("%g", raw->number);

		put_word(feature, code, strlen(code), json);
	}
	else if (feature->nlevels > 0 || feature->role == HV_CONTEXT)
		put_word(feature, raw->text, raw->n, json);
}

/* Readers and mappings of a row type, kept until another type comes along. */
static void
learn_type(const HvCatalogue *catalogue, HvPersonMap *map, HeapTupleHeader row)
{
	TupleDesc desc;
	MemoryContext old;

	if (map->atts != NULL && map->type == HeapTupleHeaderGetTypeId(row) &&
	    map->typmod == HeapTupleHeaderGetTypMod(row))
		return;
	map->type = HeapTupleHeaderGetTypeId(row);
	map->typmod = HeapTupleHeaderGetTypMod(row);
	desc = lookup_rowtype_tupdesc(map->type, map->typmod);
	old = MemoryContextSwitchTo(map->cxt);
	map->natts = desc->natts;
	map->atts = palloc0((desc->natts + 1) * sizeof(Mapping));
	map->readers = palloc0((desc->natts + 1) * sizeof(HvReader));
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		map->atts[i].feature = -1;
		if (att->attisdropped)
			continue;
		map->atts[i] = find_mapping(catalogue, map, pstrdup(NameStr(att->attname)));
		hv_reader_init(&map->readers[i], att->atttypid, att->atttypmod, map->cxt);
		if (map->readers[i].form == HV_FORM_NONE || map->readers[i].cell == HV_CELL_VECTOR)
			map->atts[i].feature = -1;
	}
	MemoryContextSwitchTo(old);
	ReleaseTupleDesc(desc);
}

static void
read_row(const HvCatalogue *catalogue, HvPersonMap *map, HeapTupleHeader row, HvPerson *person,
         StringInfo json)
{
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(row), .t_data = row};
	TupleDesc desc;
	Datum *datums;
	bool *nulls;

	learn_type(catalogue, map, row);
	desc = lookup_rowtype_tupdesc(map->type, map->typmod);
	datums = palloc((desc->natts + 1) * sizeof(Datum));
	nulls = palloc((desc->natts + 1) * sizeof(bool));
	heap_deform_tuple(&tuple, desc, datums, nulls);
	for (int i = 0; i < map->natts && i < desc->natts; i++)
	{
		HvRaw raw;
		int feature = map->atts[i].feature;

		if (feature < 0)
			continue;
		hv_reader_read(&map->readers[i], datums[i], nulls[i], &raw);
		put_cell(&catalogue->features[feature], &map->atts[i], &raw,
		         map->readers[i].cell == HV_CELL_NUMBER, &person->numbers[feature], json);
	}
	ReleaseTupleDesc(desc);
}

static void
read_json(const HvCatalogue *catalogue, HvPersonMap *map, Jsonb *row, HvPerson *person,
          StringInfo json)
{
	JsonbIterator *iterator = JsonbIteratorInit(&row->root);
	JsonbIteratorToken token;
	JsonbValue value;
	Mapping mapping = {.feature = -1};

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		HvRaw raw = {.missing = false};
		bool is_number = false;

		if (token == WJB_KEY)
			mapping =
				find_mapping(catalogue, map, pnstrdup(value.val.string.val, value.val.string.len));
		if (token != WJB_VALUE || mapping.feature < 0)
			continue;
		if (value.type == jbvNumeric)
		{
			is_number = true;
			raw.number = DatumGetFloat8(
				DirectFunctionCall1(numeric_float8, NumericGetDatum(value.val.numeric)));
		}
		else if (value.type == jbvString)
		{
			raw.text = value.val.string.val;
			raw.n = value.val.string.len;
		}
		else if (value.type == jbvBool)
		{
			raw.text = value.val.boolean ? "yes" : "no";
			raw.n = strlen(raw.text);
		}
		else
			continue;
		put_cell(&catalogue->features[mapping.feature], &mapping, &raw, is_number,
		         &person->numbers[mapping.feature], json);
	}
}

/* BMI from weight and height, where the row does not give it. */
static void
derive_bmi(const HvCatalogue *catalogue, HvPerson *person, StringInfo json)
{
	int bmi = hv_catalogue_find(catalogue, "bmi_kg_m2");
	int weight = hv_catalogue_find(catalogue, "weight_kg");
	int height = hv_catalogue_find(catalogue, "height_cm");
	double metres;

	if (bmi < 0 || weight < 0 || height < 0 || !isnan(person->numbers[bmi]))
		return;
	metres = person->numbers[height] / 100;
	put_number(&catalogue->features[bmi], person->numbers[weight] / (metres * metres),
	           &person->numbers[bmi], json);
}

void
hv_person_read(const HvCatalogue *catalogue, HvPersonMap *map, const HvQuestion *question,
               HvPerson *person)
{
	StringInfoData json;

	person->numbers = palloc((catalogue->nfeatures + 1) * sizeof(double));
	for (int i = 0; i < catalogue->nfeatures; i++)
		person->numbers[i] = NAN;
	hv_json_init(&json);
	hv_json_open(&json, '{');
	if (question->row != NULL)
		read_row(catalogue, map, question->row, person, &json);
	else
		read_json(catalogue, map, question->json, person, &json);
	derive_bmi(catalogue, person, &json);
	hv_json_close(&json, '}');
	person->json = DatumGetJsonbP(hv_json_datum(&json));
}
