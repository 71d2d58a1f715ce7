/*
 * notice.c: what a training tells about its table before it begins.
 */
#include "hadvice.h"

#include "notice.h"

#include "lib/stringinfo.h"

static void
notice_left_out(const HvTable *table)
{
	const HvSchema *all = &table->schema;
	StringInfoData list;
	int n = 0;

	initStringInfo(&list);
	for (uint32_t i = 0; i < all->ncolumns; i++)
	{
		const HvColumn *column = &all->columns[i];

		if (column->used)
			continue;
		appendStringInfo(&list, "%s%s (%s)", n > 0 ? ", " : "", column->name, column->note);
		n++;
	}
	if (n > 0)
		ereport(NOTICE, errmsg_plural("%d column of %s is left out: %s",
		                              "%d columns of %s are left out: %s", (unsigned long) n, n,
		                              table->name, list.data));
}

static void
notice_implausible(const HvTable *table)
{
	const HvSchema *all = &table->schema;
	StringInfoData list;

	initStringInfo(&list);
	for (uint32_t i = 0; i < all->ncolumns; i++)
	{
		const HvColumn *column = &all->columns[i];

		if (column->used && column->implausible > 0)
			appendStringInfo(&list, "%s%s (" UINT64_FORMAT ")", list.len > 0 ? ", " : "",
			                 column->name, (uint64) column->implausible);
	}
	if (list.len > 0)
		ereport(NOTICE, errmsg("implausible values of %s are treated as missing: %s", table->name,
		                       list.data));
}

static void
notice_row_security(const HvTable *table)
{
	if (table->row_security)
		ereport(NOTICE, errmsg("row-level security is in force: the model learns from the rows "
		                       "of %s that you may see",
		                       table->name));
}

void
hv_notice_table(const HvTable *table)
{
	notice_left_out(table);
	notice_implausible(table);
	notice_row_security(table);
}

void
hv_notice_stream(const HvTable *table, const HvRoom *room, size_t budget)
{
	size_t used = hv_work_limit() - budget;
	size_t enough = (room->needed + used) / 1048576 + 1;

	ereport(NOTICE,
	        errmsg("the rows of %s do not fit into maintenance_work_mem and go through a "
	               "temporary file",
	               table->name),
	        errdetail("Encoded, they take %zu kB; %zu kB are left beside the network. They are "
	                  "shuffled %zu at a time.",
	                  room->needed / 1024 + 1, budget / 1024, room->rows),
	        errhint("With maintenance_work_mem = '%zuMB' they stay in memory.", enough));
}
