// Decisions of an independent engine, for `python -m benchmarks.blocking`.
// argv: the folder that holds node_modules, then list files. stdin: a JSON array of
// [url, page, type]. stdout: a JSON array of [blocked, rule, exception].
const fs = require("fs");
const { createRequire } = require("module");
const [folder, ...lists] = process.argv.slice(2);
const { FiltersEngine, Request } = createRequire(folder + "/")("@ghostery/adblocker");

const text = lists.map((path) => fs.readFileSync(path, "utf8")).join("\n");
const engine = FiltersEngine.parse(text, {
  debug: true,
  enableOptimizations: false,
  loadCosmeticFilters: false,
});
const answers = JSON.parse(fs.readFileSync(0, "utf8")).map(([url, page, type]) => {
  const found = engine.match(Request.fromRawDetails({ url, sourceUrl: page, type }));
  return [
    found.match,
    found.filter ? String(found.filter.rawLine || found.filter) : "",
    found.exception ? String(found.exception.rawLine || found.exception) : "",
  ];
});
process.stdout.write(JSON.stringify(answers));
