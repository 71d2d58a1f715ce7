# Data loaders are SQL: `sh src/data/query.sh <<'SQL'` runs it on the database of PGHOST, PGDATABASE,
# … and prints what it prints, one value of JSON. HADVICE_SCHEMA is where setup.sql has published.
exec psql -X -q -A -t -v ON_ERROR_STOP=1 -v schema="${HADVICE_SCHEMA:-reports}" -v people="${HADVICE_PEOPLE:-200}"
