// A paragraph: what display() is given as a string it would show in quotes.
export function paragraph(text) {
	const element = document.createElement("p");
	element.textContent = text;
	return element;
}

// A plain HTML table. Columns: {name, value: row => text, number or node, digits of a number}.
export function table(rows, columns, {id} = {}) {
	const element = document.createElement("table");
	element.className = "plain";
	if (id) element.id = id;
	const head = element.createTHead().insertRow();
	for (const {name, value} of columns) {
		const cell = document.createElement("th");
		cell.textContent = name;
		if (rows.some((row) => typeof value(row) === "number")) cell.className = "number";
		head.append(cell);
	}
	const body = element.createTBody();
	for (const row of rows) {
		const line = body.insertRow();
		for (const {value, digits} of columns) {
			const cell = line.insertCell();
			const content = value(row);
			if (typeof content === "number") {
				cell.className = "number";
				cell.append(number(content, digits));
			} else if (content != null) {
				cell.append(content);
			}
		}
	}
	return element;
}

export function number(value, digits = 0) {
	if (value == null) return "–";
	return value.toLocaleString("en-US", {minimumFractionDigits: digits, maximumFractionDigits: digits});
}

// A list of facts, {label: text}, in large letters.
export function facts(entries) {
	const list = document.createElement("dl");
	list.className = "facts";
	for (const [label, text] of Object.entries(entries)) {
		const item = document.createElement("div");
		const term = document.createElement("dt");
		const fact = document.createElement("dd");
		term.textContent = label;
		fact.textContent = text;
		item.append(term, fact);
		list.append(item);
	}
	return list;
}

// respondent_id → respondent id
export function words(name) {
	return name == null ? "" : name.replaceAll("_", " ");
}

export function time(text) {
	return text == null ? "–" : text.slice(0, 16).replace("T", " ");
}
