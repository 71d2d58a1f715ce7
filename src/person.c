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

/* What the row says of one feature. */
typedef struct Found
{
	const char *column; /* NULL: nothing */
	double number;
	const char *word; /* NULL: a number */
} Found;

struct HvPersonMap
{
	MemoryContext cxt;
	int *features; /* per column of the model, or -1 */
	int nmappings; /* the first one of a column counts */
	Mapping *mappings;
	/* attributes of the row type seen last */
	Oid type;
	int32 typmod;
	int natts;
	Mapping *atts; /* feature -1: passed over */
	HvReader *readers;
};

/* The features of the model's columns, and mappings of those that have one; returns their number. */
static int
map_model(const HvCatalogue *catalogue, const HvSchema *schema, int *features, Mapping *mappings)
{
	int n = 0;

	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		const HvColumn *column = &schema->columns[j];

		features[j] =
			column->feature[0] == '\0' ? -1 : hv_catalogue_find(catalogue, column->feature);
		if (features[j] >= 0)
			mappings[n++] = (Mapping){column->name, features[j], column->factor, column->offset};
	}
	return n;
}

HvPersonMap *
hv_person_map(const HvCatalogue *catalogue, const HvQuestion *question, MemoryContext cxt)
{
	HvPersonMap *map = MemoryContextAllocZero(cxt, sizeof(HvPersonMap));
	const HvSchema *schema = &question->model->schema;
	HvParam params[2] = {{OIDOID, ObjectIdGetDatum(question->relid), false},
	                     {OIDOID, ObjectIdGetDatum(question->served->source), false}};
	uint64 n;

	map->cxt = cxt;
	hv_spi_connect();
	n = hv_spi_query("SELECT m.column_name, m.feature, m.factor, m.\"offset\""
	                 "  FROM hadvice.column_map AS m"
	                 " WHERE m.source IN ($1, $2) OR m.source IN (SELECT relid FROM"
	                 "       pg_partition_ancestors($1))"
	                 " ORDER BY m.source = $1 DESC, m.source = $2, m.column_name",
	                 true, 2, params);
	map->mappings = MemoryContextAllocZero(cxt, (schema->ncolumns + n + 1) * sizeof(Mapping));
	map->features = MemoryContextAlloc(cxt, (schema->ncolumns + 1) * sizeof(int));
	map->nmappings = map_model(catalogue, schema, map->features, map->mappings);
	for (uint64 i = 0; i < n; i++)
		map->mappings[map->nmappings++] = (Mapping){
			.column = MemoryContextStrdup(cxt, hv_spi_text(i, 1)),
			.feature = hv_catalogue_find(catalogue, hv_spi_text(i, 2)),
			.factor = hv_spi_float(i, 3, 1),
			.offset = hv_spi_float(i, 4, 0),
		};
	hv_spi_finish();
	return map;
}

/*
 * A mapped column is what it is mapped to; another is the feature of its name, unless that feature
 * is mapped to a column already.
 */
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

static bool
is_yes_no(const HvFeature *feature)
{
	return feature->nlevels >= 2 && strcmp(feature->levels[0], "no") == 0;
}

/* The level that a word means: itself, yes/no in other words, or the only one it is a start of. */
static const char *
match_level(const HvFeature *feature, const char *word)
{
	static const char *const yes[] = {"y", "true", "t", "1"};
	static const char *const no[] = {"n", "false", "f", "0"};
	const char *start = NULL;

	for (int i = 0; i < feature->nlevels; i++)
		if (strcmp(feature->levels[i], word) == 0)
			return feature->levels[i];
	for (int i = 0; is_yes_no(feature) && i < (int) lengthof(yes); i++)
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
				return is_yes_no(feature) ? "yes" : word;
			start = feature->levels[i];
		}
	return start != NULL ? start : is_yes_no(feature) ? "yes" : word;
}

/* Two columns that are one feature must agree; of yes and no the careful one counts. */
static void
put_found(const HvFeature *feature, Found *found, Found seen)
{
	bool same = found->column == NULL ||
	            (found->word == NULL ? seen.word == NULL && found->number == seen.number
	                                 : seen.word != NULL && strcmp(found->word, seen.word) == 0);

	if (!same && is_yes_no(feature))
	{
		if (seen.word != NULL && strcmp(seen.word, "no") != 0)
			*found = seen;
		return;
	}
	if (!same)
		ereport(ERROR, errcode(ERRCODE_AMBIGUOUS_COLUMN),
		        errmsg("\"%s\" and \"%s\" are both %s, and differ", found->column, seen.column,
		               feature->feature),
		        errhint("Leave one of them out, or say which it is with vae_map_column()."));
	*found = seen;
}

static void
put_word(const HvFeature *feature, const Mapping *mapping, const char *bytes, size_t length,
         Found *found)
{
	char *word = str_tolower(bytes, length, C_COLLATION_OID);
	char *end;

	while (*word == ' ')
		word++;
	for (end = word + strlen(word); end > word && end[-1] == ' ';)
		*--end = '\0';
	if (*word != '\0')
		put_found(feature, found,
		          (Found){.column = mapping->column, .word = match_level(feature, word)});
}

/* One cell of the row. A number of a feature of words is a code, a text of a numeric one a number. */
static void
put_cell(const HvFeature *feature, const Mapping *mapping, const HvRaw *raw, bool is_number,
         Found *found)
{
	double number = is_number ? raw->number : NAN;

	if (raw->missing)
		return;
	if (feature->words)
	{
		char *code = is_number ? psprintf("%g", number) : pnstrdup(raw->text, raw->n);

		put_word(feature, mapping, code, strlen(code), found);
		return;
	}
	if (!is_number)
	{
		char *text = pnstrdup(raw->text, raw->n), *end;

		number = strtod(text, &end);
		if (end == text || strspn(end, " ") != strlen(end))
			return;
	}
	if (isfinite(number))
		put_found(feature, found,
		          (Found){.column = mapping->column,
		                  .number = mapping->factor * number + mapping->offset});
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
read_row(const HvCatalogue *catalogue, HvPersonMap *map, HeapTupleHeader row, Found *found)
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
		         map->readers[i].cell == HV_CELL_NUMBER, &found[feature]);
	}
	ReleaseTupleDesc(desc);
}

/* A raw cell of a jsonb value of a known feature; false when it is a number. */
static bool
json_cell(const Mapping *mapping, const JsonbValue *value, HvRaw *raw)
{
	*raw = (HvRaw){.missing = value->type == jbvNull};
	if (value->type == jbvNumeric)
	{
		raw->number = DatumGetFloat8(
			DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value->val.numeric)));
		return false;
	}
	if (value->type == jbvString)
	{
		raw->text = value->val.string.val;
		raw->n = value->val.string.len;
	}
	else if (value->type == jbvBool)
	{
		raw->text = value->val.boolean ? "yes" : "no";
		raw->n = strlen(raw->text);
	}
	else if (value->type != jbvNull)
		ereport(ERROR, errcode(ERRCODE_DATATYPE_MISMATCH),
		        errmsg("\"%s\" must be a number, a text or a boolean", mapping->column));
	return true;
}

static void
read_json(const HvCatalogue *catalogue, HvPersonMap *map, Jsonb *row, Found *found)
{
	JsonbIterator *iterator = JsonbIteratorInit(&row->root);
	JsonbIteratorToken token;
	JsonbValue value;
	Mapping mapping = {.feature = -1};

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		HvRaw raw;
		bool text;

		if (token == WJB_KEY)
			mapping =
				find_mapping(catalogue, map, pnstrdup(value.val.string.val, value.val.string.len));
		if (token != WJB_VALUE || mapping.feature < 0)
			continue;
		text = json_cell(&mapping, &value, &raw);
		put_cell(&catalogue->features[mapping.feature], &mapping, &raw, !text,
		         &found[mapping.feature]);
	}
}

/* BMI from weight and height, where the row does not give it. */
static void
derive_bmi(const HvCatalogue *catalogue, Found *found)
{
	int bmi = hv_catalogue_find(catalogue, "bmi_kg_m2");
	int weight = hv_catalogue_find(catalogue, "weight_kg");
	int height = hv_catalogue_find(catalogue, "height_cm");
	double metres;

	if (bmi < 0 || weight < 0 || height < 0 || found[bmi].column != NULL ||
	    found[weight].column == NULL || found[height].column == NULL)
		return;
	metres = found[height].number / 100;
	found[bmi].number = found[weight].number / (metres * metres);
	if (isfinite(found[bmi].number))
		found[bmi].column = "weight and height";
}

static bool
is_plausible(const HvFeature *feature, const Found *found)
{
	return found->word != NULL ||
	       !(found->number < feature->plausible_low || found->number > feature->plausible_high);
}

/* The person as jsonb, with or without the implausible values. */
static Jsonb *
write_person(const HvCatalogue *catalogue, const Found *found, bool implausible)
{
	StringInfoData json;

	hv_json_init(&json);
	hv_json_open(&json, '{');
	for (int i = 0; i < catalogue->nfeatures; i++)
	{
		const HvFeature *feature = &catalogue->features[i];

		if (found[i].column == NULL || (!implausible && !is_plausible(feature, &found[i])))
			continue;
		hv_json_key(&json, feature->feature);
		if (found[i].word != NULL)
			hv_json_text(&json, found[i].word);
		else
			hv_json_number(&json, found[i].number);
	}
	hv_json_close(&json, '}');
	return DatumGetJsonbP(hv_json_datum(&json));
}

void
hv_person_read(const HvCatalogue *catalogue, HvPersonMap *map, const HvQuestion *question,
               HvPerson *person)
{
	Found *found = palloc0((catalogue->nfeatures + 1) * sizeof(Found));
	bool implausible = false;

	if (question->row != NULL)
		read_row(catalogue, map, question->row, found);
	else
		read_json(catalogue, map, question->json, found);
	derive_bmi(catalogue, found);
	person->features = map->features;
	person->numbers = palloc((catalogue->nfeatures + 1) * sizeof(double));
	for (int i = 0; i < catalogue->nfeatures; i++)
	{
		bool plausible = is_plausible(&catalogue->features[i], &found[i]);

		person->numbers[i] =
			found[i].column != NULL && found[i].word == NULL && plausible ? found[i].number : NAN;
		implausible = implausible || (found[i].column != NULL && !plausible);
	}
	person->json = write_person(catalogue, found, false);
	person->recorded = implausible ? write_person(catalogue, found, true) : NULL;
}

bool
hv_person_holds(const HvPerson *person, JsonPath *condition, bool unknown)
{
	return hv_condition(condition, person->json, unknown) ||
	       (person->recorded != NULL && hv_condition(condition, person->recorded, unknown));
}
