// Builds the browser assets: every file src/*.js becomes webui/static/vendor/<name>.js (and .css).
//
// Beside them stands THIRD_PARTY.json: each package that really is in the output, with version, licence
// and the licence's text, for the page 关于 and because those licences ask for it. It is written last:
// make takes its date as the date of the whole build.

import { build } from "esbuild";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const sources = join(here, "src");
const output = join(here, "..", "static", "vendor");

// Fonts and icons go into the style sheets: a page then asks for no file that we do not list.
const loaders = {
  ".woff": "dataurl",
  ".woff2": "dataurl",
  ".ttf": "dataurl",
  ".svg": "dataurl",
  ".eot": "empty",
  ".bpmn": "text",
};

/** The entry points: the scripts directly in src/; what lies deeper is imported by them. */
async function entryPoints() {
  if (!existsSync(sources)) return [];
  const names = await readdir(sources);
  return names.filter((name) => name.endsWith(".js")).sort().map((name) => join(sources, name));
}

/** The folder of the package that a bundled file belongs to, or null for a file of ours. */
function packageFolder(input) {
  const parts = input.split("/");
  const start = parts.lastIndexOf("node_modules");
  if (start < 0) return null;
  const length = parts[start + 1].startsWith("@") ? 3 : 2;
  return parts.slice(0, start + length).join("/");
}

/** The text of the package's licence file, or null where it ships none. */
async function licenceText(folder) {
  const names = await readdir(folder);
  const name = names.find((each) => /^(licen[cs]e|copying)(\.|$)/i.test(each));
  return name ? (await readFile(join(folder, name), "utf8")).trim() : null;
}

/** [{name, version, licence, homepage, text}] of all packages in the output, by name. */
async function thirdParties(metafile) {
  const folders = new Set(Object.keys(metafile.inputs).map(packageFolder).filter(Boolean));
  const found = [];
  for (const folder of folders) {
    const place = join(here, folder);
    const about = JSON.parse(await readFile(join(place, "package.json"), "utf8"));
    found.push({
      name: about.name,
      version: about.version,
      licence: about.license ?? null,
      homepage: about.homepage ?? null,
      text: await licenceText(place),
    });
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

await rm(output, { recursive: true, force: true });
await mkdir(output, { recursive: true });

const result = await build({
  absWorkingDir: here,
  entryPoints: await entryPoints(),
  outdir: output,
  bundle: true,
  minify: true,
  format: "iife",
  target: "chrome100", // the browsers on office desktops trail behind
  charset: "utf8",
  legalComments: "linked",
  loader: loaders,
  metafile: true,
  logLevel: "warning",
});

const parties = await thirdParties(result.metafile);
await writeFile(join(output, "THIRD_PARTY.json"), JSON.stringify(parties, null, 2) + "\n");

for (const [name, { bytes }] of Object.entries(result.metafile.outputs)) {
  console.log(`${relative(output, join(here, name)).padEnd(28)} ${Math.ceil(bytes / 1024)} KiB`);
}
console.log(`${"THIRD_PARTY.json".padEnd(28)} ${parties.length} packages`);
