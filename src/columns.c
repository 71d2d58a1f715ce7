/*
 * columns.c: the columns of a relation, as far as its definition tells: names, types, keys.
 */
#include "hadvice.h"

#include "columns.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "nodes/bitmapset.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

/* ---- chosen names ---- */

static AttrNumber
find_column(Relation rel, const char *name)
{
	for (int i = 0; i < RelationGetNumberOfAttributes(rel); i++)
	{
		Form_pg_attribute att = TupleDescAttr(RelationGetDescr(rel), i);

		if (!att->attisdropped && strcmp(NameStr(att->attname), name) == 0)
			return att->attnum;
	}
	return InvalidAttrNumber;
}

static char *
column_list(Relation rel)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < RelationGetNumberOfAttributes(rel); i++)
	{
		Form_pg_attribute att = TupleDescAttr(RelationGetDescr(rel), i);

		if (!att->attisdropped)
			appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "", NameStr(att->attname));
	}
	return list.data;
}

/* The column whose name is nearest in letters, when one is near enough to be a typing error. */
static const char *
nearest_column(Relation rel, const char *name)
{
	int n = (int) strlen(name);
	int least = 1 + n / 3;
	const char *nearest = NULL;

	for (int i = 0; i < RelationGetNumberOfAttributes(rel); i++)
	{
		Form_pg_attribute att = TupleDescAttr(RelationGetDescr(rel), i);
		const char *other = NameStr(att->attname);
		int distance;

		if (att->attisdropped)
			continue;
		distance = varstr_levenshtein_less_equal(name, n, other, (int) strlen(other), 1, 1, 1,
		                                         least, true);
		if (distance <= least)
		{
			nearest = other;
			least = distance - 1;
		}
	}
	return nearest;
}

/* The attribute numbers of a name[], which must all exist. `argument` is its name for messages. */
static Bitmapset *
chosen_columns(Relation rel, ArrayType *names, const char *argument)
{
	Bitmapset *chosen = NULL;
	Datum *elements;
	bool *nulls;
	int n;

	deconstruct_array(names, NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR, &elements, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		const char *name = nulls[i] ? NULL : NameStr(*DatumGetName(elements[i]));
		AttrNumber number;
		const char *nearest;

		if (name == NULL)
			ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			        errmsg("%s must not contain NULL", argument),
			        errhint("For example %s => '{age_years,sex}'.", argument));
		number = find_column(rel, name);
		if (number != InvalidAttrNumber)
		{
			chosen = bms_add_member(chosen, number);
			continue;
		}
		nearest = nearest_column(rel, name);
		ereport(ERROR, errcode(ERRCODE_UNDEFINED_COLUMN),
		        errmsg("column \"%s\" in %s does not exist in \"%s\"", name, argument,
		               RelationGetRelationName(rel)),
		        nearest != NULL ? errhint("Perhaps you meant \"%s\".", nearest)
		                        : errhint("Its columns are: %s.", column_list(rel)));
	}
	return chosen;
}

/* ---- keys ---- */

/* The columns that a unique index of just one column says to be different in every row. */
static Bitmapset *
unique_columns(Relation rel)
{
	Bitmapset *unique = NULL;
	ListCell *cell;

	foreach (cell, RelationGetIndexList(rel))
	{
		HeapTuple tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(lfirst_oid(cell)));
		Form_pg_index index;

		if (!HeapTupleIsValid(tuple))
			continue;
		index = (Form_pg_index) GETSTRUCT(tuple);
		if (index->indisunique && index->indnkeyatts == 1 && index->indkey.values[0] > 0 &&
		    heap_attisnull(tuple, Anum_pg_index_indpred, NULL))
			unique = bms_add_member(unique, index->indkey.values[0]);
		ReleaseSysCache(tuple);
	}
	return unique;
}

/* A unique measurement (numeric, date, …) can still be learnt from; a number or word cannot. */
static bool
may_be_key(const HvReader *reader)
{
	return reader->cell == HV_CELL_TEXT || reader->form == HV_FORM_INT2 ||
	       reader->form == HV_FORM_INT4 || reader->form == HV_FORM_INT8;
}

/* ---- all of it ---- */

static void
check_relkind(Relation rel)
{
	char relkind = rel->rd_rel->relkind;

	if (relkind != RELKIND_RELATION && relkind != RELKIND_VIEW && relkind != RELKIND_MATVIEW &&
	    relkind != RELKIND_PARTITIONED_TABLE && relkind != RELKIND_FOREIGN_TABLE)
		ereport(ERROR, errcode(ERRCODE_WRONG_OBJECT_TYPE),
		        errmsg("\"%s\" is not a table or view", RelationGetRelationName(rel)),
		        errhint("Give a table, a view, or a materialized, partitioned or foreign table."));
}

static void
describe(HvColumn *column, HvReader *reader, Form_pg_attribute att, bool unique)
{
	hv_reader_init(reader, att->atttypid, att->atttypmod, CurrentMemoryContext);
	*column = (HvColumn){.name = pstrdup(NameStr(att->attname)),
	                     .type = format_type_be(reader->base),
	                     .cell = reader->cell,
	                     .integer = hv_form_integer(reader->form),
	                     .boolean = reader->form == HV_FORM_BOOL,
	                     .key = unique && may_be_key(reader)};
}

HvReader *
hv_columns_of_relation(Oid relid, ArrayType *columns, ArrayType *exclude, HvSchema *schema)
{
	/* The lock stays until the transaction ends: no column may change between the two passes. */
	Relation rel = relation_open(relid, AccessShareLock);
	int natts = RelationGetNumberOfAttributes(rel);
	HvReader *readers = palloc0(sizeof(HvReader) * Max(natts, 1));
	Bitmapset *chosen, *excluded, *unique;

	check_relkind(rel);
	chosen = columns != NULL ? chosen_columns(rel, columns, "columns") : NULL;
	excluded = exclude != NULL ? chosen_columns(rel, exclude, "exclude") : NULL;
	unique = unique_columns(rel);
	schema->columns = palloc0(sizeof(HvColumn) * Max(natts, 1));
	for (int i = 0; i < natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(RelationGetDescr(rel), i);
		uint32_t n = schema->ncolumns;

		if (att->attisdropped || bms_is_member(att->attnum, excluded) ||
		    (columns != NULL && !bms_is_member(att->attnum, chosen)))
			continue;
		describe(&schema->columns[n], &readers[n], att, bms_is_member(att->attnum, unique));
		schema->ncolumns++;
	}
	relation_close(rel, NoLock);
	if (schema->ncolumns == 0)
		ereport(
			ERROR, errcode(ERRCODE_NO_DATA),
			errmsg("no column is left of %s to learn from", get_rel_name(relid)),
			errhint(
				"Name some in columns, or leave out fewer in exclude; vae_profile shows what there is."));
	return readers;
}
