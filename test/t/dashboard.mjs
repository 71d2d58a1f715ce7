#!/usr/bin/env node
// test/t/dashboard.mjs: the dashboard of doc/dashboard, built on a database in which the demo's people
// are trained on and published, served as static files and read in a headless Chromium: what stands on
// the pages is what SQL says, nothing fails, and nothing is fetched from elsewhere. Prints TAP.
//
// The server is the one of PGHOST and PGPORT (script/cluster sets them). Chromium is spoken to through
// its DevTools protocol on two pipes: messages of JSON, each ended by a zero byte.
// SCREENSHOTS=folder keeps pictures of the pages.
import {execFileSync, spawn} from "node:child_process";
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import {createServer} from "node:http";
import {tmpdir} from "node:os";
import {dirname, extname, join, normalize} from "node:path";
import {fileURLToPath} from "node:url";

const top = join(dirname(fileURLToPath(import.meta.url)), "../..");
const dashboard = join(top, "doc/dashboard");
const site = join(dashboard, "dist");
const database = "hadvice_dashboard";
const env = {...process.env, PGDATABASE: database, HADVICE_PEOPLE: "50"};

let cases = 0;
let failures = 0;
function ok(holds, name, remark) {
	console.log(`${holds ? "ok" : "not ok"} ${++cases} - ${name}`);
	if (holds) return;
	failures++;
	if (remark !== undefined) console.log(`# ${remark}`.replaceAll("\n", "\n# "));
}
function is(got, expected, name) {
	ok(JSON.stringify(got) === JSON.stringify(expected), name, `got:      ${JSON.stringify(got)}\nexpected: ${JSON.stringify(expected)}`);
}

function psql(...args) {
	return execFileSync("psql", ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", ...args], {cwd: top, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"]}).trim();
}
function json(query) {
	return JSON.parse(psql("-c", query));
}
function build() {
	execFileSync("npm", ["run", "build"], {cwd: dashboard, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"]});
}

// ---- the site --------------------------------------------------------------------------------------

const types = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json"};

async function serve() {
	const server = createServer((request, response) => {
		const path = normalize(decodeURIComponent(new URL(request.url, "http://site").pathname)).replace(/\/$/, "/index.html");
		try {
			const body = readFileSync(join(site, path));
			response.writeHead(200, {"content-type": types[extname(path)] ?? "application/octet-stream"}).end(body);
		} catch {
			response.writeHead(path === "/favicon.ico" ? 204 : 404).end();
		}
	});
	await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
	return server;
}

// ---- the browser -----------------------------------------------------------------------------------

class Browser {
	constructor() {
		this.folder = mkdtempSync(join(tmpdir(), "hadvice-chromium-"));
		this.process = spawn("chromium", ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
			"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
			`--user-data-dir=${this.folder}`, "--window-size=1200,1000", "--remote-debugging-pipe", "about:blank"],
		{env: {...env, HOME: this.folder}, stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"]});
		this.waiting = new Map();
		this.problems = [];
		this.hosts = new Set();
		this.count = 0;
		let rest = "";
		this.process.stdio[4].setEncoding("utf8").on("data", (data) => {
			const messages = (rest + data).split("\0");
			rest = messages.pop();
			for (const message of messages) this.receive(JSON.parse(message));
		});
		this.gone = new Promise((resolve) => this.process.on("exit", resolve).on("error", resolve));
	}

	receive({id, method, params, result, error}) {
		if (id !== undefined) {
			const {resolve, reject} = this.waiting.get(id);
			this.waiting.delete(id);
			return error ? reject(new Error(error.message)) : resolve(result);
		}
		if (method === "Network.requestWillBeSent" && /^(https?|wss?|ftp):/.test(params.request.url)) this.hosts.add(new URL(params.request.url).host);
		if (method === "Network.loadingFailed" && !params.canceled) this.problems.push(params.errorText);
		if (method === "Runtime.exceptionThrown") this.problems.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
		if (method === "Runtime.consoleAPICalled" && params.type === "error") this.problems.push(JSON.stringify(params.args));
		if (method === "Log.entryAdded" && params.entry.level === "error") this.problems.push(`${params.entry.text} ${params.entry.url ?? ""}`);
	}

	send(method, params = {}) {
		const id = ++this.count;
		this.process.stdio[3].write(`${JSON.stringify({id, method, params, sessionId: this.session})}\0`);
		return new Promise((resolve, reject) => this.waiting.set(id, {resolve, reject}));
	}

	async start() {
		const {targetId} = await this.send("Target.createTarget", {url: "about:blank"});
		this.session = (await this.send("Target.attachToTarget", {targetId, flatten: true})).sessionId;
		for (const domain of ["Page", "Runtime", "Network", "Log"]) await this.send(`${domain}.enable`);
	}

	async evaluate(expression) {
		const {result, exceptionDetails} = await this.send("Runtime.evaluate", {expression, returnByValue: true});
		if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
		return result.value;
	}

	// Opens a page and waits until it has all these parts: selectors, or text between slashes.
	async open(url, ...parts) {
		await this.send("Page.navigate", {url});
		const missing = `${JSON.stringify(parts)}.filter((part) => part.startsWith("/")
			? !document.body.innerText.includes(part.slice(1, -1)) : !document.querySelector(part))`;
		for (let i = 0; i < 300; i++) {
			if ((await this.evaluate(`document.readyState === "complete" ? ${missing} : [""]`)).length === 0) return;
			await new Promise((resolve) => setTimeout(resolve, 100));
		}
		ok(false, `${url} lacks ${await this.evaluate(missing)}`, `${await this.evaluate("document.body.innerText")}\n${this.problems.join("\n")}`);
	}

	// The cells of a table, row by row, as text.
	rows(id) {
		return this.evaluate(`[...document.querySelectorAll("#${id}-table tbody tr")].map((r) => [...r.cells].map((c) => c.innerText))`);
	}

	// Where SCREENSHOTS names a folder, pictures of the pages go there.
	async picture(name) {
		if (!process.env.SCREENSHOTS) return;
		const {data} = await this.send("Page.captureScreenshot", {format: "png"});
		writeFileSync(join(process.env.SCREENSHOTS, `${name}.png`), Buffer.from(data, "base64"));
	}

	async stop() {
		this.process.kill();
		await this.gone;
		rmSync(this.folder, {recursive: true, force: true, maxRetries: 10});
	}
}

const number = (value, digits = 0) => value.toLocaleString("en-US", {minimumFractionDigits: digits, maximumFractionDigits: digits});

// ---- the cases -------------------------------------------------------------------------------------

async function pages(browser, site) {
	await browser.open(`${site}/`, ".facts", '[aria-label="bar"] rect', "#actions-table", "#refer-table");
	const counted = json("SELECT json_agg(p ORDER BY people DESC, feature) FROM reports.population p WHERE kind = 'action'");
	ok(counted.length > 5, "there are changes advised to ten people or more");
	const actions = await browser.rows("actions");
	is(actions.map((r) => [r[0], r[2], r[4]]), counted.map((p) => [p.domain, number(p.people), number(p.mean_change, 1)]),
		"population: domains, people and mean changes are those of SQL");
	is(actions.map((r) => r[8]), counted.map((p) => (p.outcome ? number(p.mean_expected_effect, 2) : "")), "and so are the expected differences");
	is(await browser.evaluate('document.querySelector(".facts dd").innerText'),
		number(json("SELECT count(DISTINCT respondent_id) FROM reports.advice")), "all people are counted");
	is((await browser.rows("refer")).map((r) => r[1]),
		json("SELECT coalesce(json_agg(people ORDER BY people DESC, feature), '[]') FROM reports.population WHERE kind = 'refer'").map((n) => number(n)),
		"reasons to see a doctor");
	is(await browser.evaluate('document.querySelectorAll(\'svg [aria-label="bar"] rect\').length'), counted.length, "a bar for each change");
	ok(/expected/i.test(await browser.evaluate("document.body.innerText")) && /never promises/.test(await browser.evaluate("document.body.innerText")),
		"the page says that these are associations, not promises");

	await browser.picture("population");

	const person = json(`SELECT max(respondent_id) FROM (SELECT DISTINCT respondent_id FROM reports.advice ORDER BY 1 LIMIT 50) x
		WHERE respondent_id IN (SELECT respondent_id FROM reports.advice WHERE expected_effect IS NOT NULL)`);
	await browser.open(`${site}/person.html?person=${person}`, "#person", ".facts", "#advice-table", "#effects-table");
	is((await browser.rows("advice")).map((r) => [r[1], r[2], r[3]]),
		json(`SELECT json_agg(json_build_array(advice, coalesce(current_value, ''), coalesce(target_value, '')) ORDER BY rank)
			FROM reports.advice WHERE respondent_id = ${person} AND plan = 1`), "one person: the advice is that of SQL");
	is((await browser.rows("effects")).map((r) => [r[2], r[6]]),
		json(`SELECT json_agg(json_build_array(e -> 'effect', e -> 'probability') ORDER BY rank, n) FROM reports.advice,
			json_array_elements(effects::json) WITH ORDINALITY AS x (e, n) WHERE respondent_id = ${person} AND plan = 1`)
			.map((r) => r.map((v) => (v === null ? "" : number(v, 2)))), "and so are the expected differences");
	is(await browser.evaluate('document.querySelectorAll("#person option").length'), 50, "as many people as were asked for, no more");

	await browser.picture("person");

	await browser.open(`${site}/models.html`, "#health-table", "#drift-table", '[aria-label="line"] path', "#versions-table");
	is((await browser.rows("health")).map((r) => [r[0], r[1], r[4], r[7]]),
		json("SELECT json_agg(h) FROM hadvice.model_health h").map((h) => [h.model, String(h.version), number(h.rows), number(h.validation_elbo, 2)]),
		"models: what is in use");
	is((await browser.rows("versions")).map((r) => [r[1], r[2]]),
		json("SELECT json_agg(json_build_array(version::text, CASE WHEN is_current THEN 'yes' ELSE '' END) ORDER BY version DESC) FROM vae_models"),
		"and all versions");

	await browser.picture("models");

	is((await browser.rows("drift")).map((r) => [r[1], r[2]]),
		json("SELECT json_agg(json_build_array(column_name, psi)) FROM (SELECT * FROM vae_drift('health_records') LIMIT 10) d")
			.map(([column, psi]) => [column, psi === null ? "" : number(psi, 3)]), "and what drifted most");

	await browser.open(`${site}/feedback.html`, ".facts", '[aria-label="bar"] rect', "#feedback-table");
	await browser.picture("feedback");
	is((await browser.rows("feedback")).map((r) => r.slice(1, 9)), [["sodium", "12", "4", "0", "0", "8", "0", "0"]],
		"feedback: what twelve people answered; what three did is not told");
	is(await browser.evaluate('document.querySelector(".facts dd").innerText'), "15", "but all answers are counted");
}

// 12 people answer to sodium, 3 to sleep.
function answer() {
	psql("-c", `SELECT vae_feedback('health_records', respondent_id::text, CASE WHEN n <= 12 THEN 'sodium_mg' ELSE 'sleep_hours' END,
			CASE WHEN n <= 4 THEN 'helped' ELSE 'declined' END)
		FROM (SELECT respondent_id, row_number() OVER (ORDER BY respondent_id) AS n FROM health_records) t WHERE n <= 15`);
}

async function main() {
	psql("-d", "postgres", "-c", `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`, "-c", `CREATE DATABASE ${database}`);
	psql("-c", "SET client_min_messages = warning", "-c", "CREATE EXTENSION hadvice", "-f", "demo/load.sql",
		"-c", "SELECT vae_train('health_records', epochs => 1, promote => false)",
		"-c", `SELECT vae_train('health_records', epochs => ${process.env.EPOCHS ?? 20})`);
	psql("-v", "source=health_records", "-v", "key=respondent_id", "-f", "doc/dashboard/setup.sql");
	psql("-v", "source=health_records", "-v", "key=respondent_id", "-f", "doc/dashboard/setup.sql"); // it may be run again
	build();
	ok(true, "the dashboard is built");

	const server = await serve();
	const browser = new Browser();
	try {
		await browser.start();
		await browser.open(`http://127.0.0.1:${server.address().port}/feedback.html`, "/No feedback yet/");
		is(await browser.rows("feedback"), [], "no feedback yet");
		answer();
		build();
		await pages(browser, `http://127.0.0.1:${server.address().port}`);
		is(browser.problems, [], "no error in the console, nothing missing");
		is([...browser.hosts], [`127.0.0.1:${server.address().port}`], "nothing is fetched from elsewhere");
	} finally {
		await browser.stop();
		server.close();
	}
	psql("-d", "postgres", "-c", `DROP DATABASE ${database} WITH (FORCE)`);
}

try {
	await main();
} catch (error) {
	ok(false, "the test runs to its end", `${error.stack}\n${error.stdout ?? ""}${error.stderr ?? ""}`);
}
console.log(`1..${cases}`);
process.exitCode = failures === 0 ? 0 : 1;
