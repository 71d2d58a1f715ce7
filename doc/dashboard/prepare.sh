# Before each build: forget what the data loaders said the last time, and keep the build off the
# network. Framework asks a registry which versions of these libraries are the newest, because its
# standard library could load them; no page here does. A folder of that name in its cache is an answer.
set -eu
cache=src/.observablehq/cache
rm -rf $cache/data
for library in apache-arrow arquero d3 d3-dsv echarts htl leaflet lodash mapbox-gl @observablehq/plot \
	@observablehq/sample-datasets parquet-wasm react react-dom topojson-client; do
	mkdir -p $cache/_npm/$library@0.0.0
done
