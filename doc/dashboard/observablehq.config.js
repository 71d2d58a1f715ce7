// The dashboard as a static site. What a page needs is in the build: no font, script or style is
// fetched from elsewhere when it is read.
export default {
	title: "hadvice",
	root: "src",
	output: "dist",
	pages: [
		{name: "Population", path: "/index"},
		{name: "One person", path: "/person"},
		{name: "Model health", path: "/models"},
		{name: "Feedback", path: "/feedback"},
	],
	globalStylesheets: [],
	style: "style.css",
	preserveExtension: true,
	pager: false,
	toc: false,
	footer:
		"Expected associations among people alike in the records, and guidelines: never promises, " +
		"not a medical device. To be discussed with a doctor.",
};
