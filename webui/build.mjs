/**
 * Builds everything under pages/static/vendor/: GraphiQL from src/, Swagger UI copied from its package, and beside each
 * the licences of exactly the packages that went in.
 */

import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const MODULES = path.join(HERE, 'node_modules');
const VENDOR = path.join(HERE, '..', 'pages', 'static', 'vendor');

const ENTRIES = {
  graphiql: 'src/main.jsx',
  'editor.worker': 'monaco-editor/esm/vs/editor/editor.worker.js',
  'json.worker': 'monaco-editor/esm/vs/language/json/json.worker.js',
  'graphql.worker': 'monaco-graphql/esm/graphql.worker.js',
};

const SWAGGER_FILES = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];
// The bundle's own third parties are listed in the file that webpack wrote beside it.
const SWAGGER_NOTICES = ['LICENSE', 'NOTICE', 'swagger-ui-bundle.js.LICENSE.txt'];

// Published without a licence file: the package of the same repository whose file speaks for them, or null where only
// package.json names the licence.
const LICENCE_FROM = {
  '@graphiql/plugin-doc-explorer': '@graphiql/react',
  '@graphiql/plugin-history': '@graphiql/react',
  'react-compiler-runtime': 'react',
  'react-remove-scroll-bar': null,
};

// The editor's package is silent about its icon font; the font's own package, @vscode/codicons, is not.
const ICON_FONT = `codicon.ttf, part of monaco-editor (CC-BY-4.0)

Codicons, the icon font of Visual Studio Code, by Microsoft Corporation (https://github.com/microsoft/vscode-codicons),
unchanged, under the Creative Commons Attribution 4.0 International licence:
https://creativecommons.org/licenses/by/4.0/legalcode`;

/** The folder of the package that a bundled file belongs to ("node_modules/@a/b"), or null for our own files. */
function packageFolder(input) {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? null;
}

async function manifest(folder) {
  return JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
}

async function noticeFiles(folder) {
  const names = await readdir(folder);
  return names.filter((name) => /^(licen[cs]e|notice|thirdpartynotices)/i.test(name)).sort();
}

/** "name version (licence)" and the texts that apply; throws for a package nobody has looked at. */
async function licence(folder) {
  const { name, version, license, author } = await manifest(folder);
  let from = folder;
  let names = await noticeFiles(folder);
  const texts = [];
  if (!names.some((file) => /^licen/i.test(file))) {
    if (!(name in LICENCE_FROM)) throw new Error(`${name} carries no licence file: add it to LICENCE_FROM`);
    if (LICENCE_FROM[name] === null) {
      texts.push(`No licence file is published; package.json says: ${license}, by ${author?.name ?? author}.`);
    } else {
      from = path.join(MODULES, LICENCE_FROM[name]);
      names = await noticeFiles(from);
      texts.push(`No licence file is published; this is the one of ${LICENCE_FROM[name]}, from the same repository.`);
    }
  }
  for (const file of names) texts.push((await readFile(path.join(from, file), 'utf8')).replaceAll('\r\n', '\n').trim());
  return [`${name} ${version} (${license})`, ...texts].join('\n\n');
}

async function writeLicences(folder, sections) {
  const rule = `\n\n${'='.repeat(80)}\n\n`;
  const head = 'The files in this folder are built from the packages below, each under its own licence.';
  await writeFile(path.join(folder, 'LICENSES'), [head, ...sections].join(rule) + '\n');
}

async function buildGraphiql() {
  const outdir = path.join(VENDOR, 'graphiql');
  const { metafile } = await build({
    absWorkingDir: HERE,
    entryPoints: ENTRIES,
    outdir,
    bundle: true,
    minify: true,
    metafile: true,
    // One classic script per entry: nothing to resolve at run time but the workers, which src/main.jsx names.
    format: 'iife',
    target: 'es2022',
    jsx: 'automatic',
    // Notices inside the sources, gathered into LICENSES below.
    legalComments: 'external',
    loader: { '.ttf': 'file' },
    assetNames: '[name]',
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'info',
  });
  const folders = new Set(Object.keys(metafile.inputs).map(packageFolder).filter(Boolean));
  const sections = await Promise.all([...folders].sort().map((folder) => licence(path.join(HERE, folder))));
  await writeLicences(outdir, [...sections, ICON_FONT, await takeLegalComments(outdir)]);
  return metafile;
}

/** The notices which esbuild found in comments, one section without repetitions; their files are removed. */
async function takeLegalComments(outdir) {
  const files = (await readdir(outdir)).filter((name) => name.endsWith('.LEGAL.txt')).sort();
  const texts = await Promise.all(files.map((name) => readFile(path.join(outdir, name), 'utf8')));
  await Promise.all(files.map((name) => rm(path.join(outdir, name))));
  const comments = texts.flatMap((text) => text.match(/\/\*[^]*?\*\/|\/\/.*/g) ?? []);
  return ['Notices in comments of the sources', ...new Set(comments.map((comment) => comment.trim()))].join('\n\n');
}

async function copySwagger() {
  const source = path.join(MODULES, 'swagger-ui-dist');
  const outdir = path.join(VENDOR, 'swagger-ui');
  await mkdir(outdir, { recursive: true });
  for (const file of SWAGGER_FILES) await copyWithoutMap(path.join(source, file), path.join(outdir, file));
  const { name, version, license } = await manifest(source);
  const texts = await Promise.all(SWAGGER_NOTICES.map((file) => readFile(path.join(source, file), 'utf8')));
  await writeLicences(outdir, [[`${name} ${version} (${license})`, ...texts.map((text) => text.trim())].join('\n\n')]);
}

/** Copies a file; text loses its pointer to a source map, which is not shipped and would only be a 404 in the console. */
async function copyWithoutMap(from, to) {
  if (!/\.(js|css)$/.test(from)) return cp(from, to);
  const text = await readFile(from, 'utf8');
  return writeFile(to, text.replace(/\n?(\/\/# sourceMappingURL=\S+|\/\*# sourceMappingURL=\S+\s*\*\/)\s*$/, '\n'));
}

async function writeReadme() {
  const versions = async (names) => {
    const found = await Promise.all(names.map((name) => manifest(path.join(MODULES, name))));
    return found.map(({ name, version }) => `${name} ${version}`).join(', ');
  };
  const graphiql = await versions(['graphiql', 'monaco-editor', 'monaco-graphql', 'graphql', 'react', 'react-dom']);
  await writeFile(
    path.join(VENDOR, 'README.md'),
    `# Third parties' files

Everything in these folders is built from, or copied from, packages of other people, under their own licences: see the
LICENSES file in each folder. Nothing here is edited by hand; \`webui/build.mjs\` writes all of it, this file too
(\`cd webui && npm ci && npm run build\`).

- \`graphiql/\`: ${graphiql} and what they depend on, bundled with esbuild from \`webui/src\`, which is ours: the page, its
  sign-in bar, and three workers of the editor. Of the editor's languages only GraphQL and JSON are in.
- \`swagger-ui/\`: ${await versions(['swagger-ui-dist'])}, copied; only the pointers to source maps are cut off.
`,
  );
}

async function report() {
  for (const entry of await readdir(VENDOR, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath ?? entry.path, entry.name);
    console.log(`${String((await stat(file)).size).padStart(9)}  ${path.relative(VENDOR, file)}`);
  }
}

await rm(VENDOR, { recursive: true, force: true });
const metafile = await buildGraphiql();
await copySwagger();
await writeReadme();
await report();
if (process.env.METAFILE) await writeFile(process.env.METAFILE, JSON.stringify(metafile));
