// Keeps syntax trees of the modules below some directories, and where their names occur, until the
// heap has so many MiB in use. The parser is node's own: --expose-internals.
'use strict';
const fs = require('fs');
const path = require('path');
const { parse } = require('internal/deps/acorn/acorn/dist/acorn');
const walk = require('internal/deps/acorn/acorn-walk/dist/walk');

const [most, ...directories] = process.argv.slice(2);
const trees = new Map();
const packages = new Map();
const places = new Map();

function* filesBelow(directory) {
  if (!fs.existsSync(directory)) return;
  for (const entry of fs.readdirSync(directory, { withFileTypes: true })) {
    const name = path.join(directory, entry.name);
    if (entry.isDirectory()) yield* filesBelow(name);
    else if (entry.isFile()) yield name;
  }
}

function keep(name) {
  const text = fs.readFileSync(name, 'utf8');
  if (name.endsWith('.json')) {
    packages.set(name, JSON.parse(text));
    return;
  }
  const sourceType = /^(import|export) /m.test(text) ? 'module' : 'script';
  const options = { ecmaVersion: 'latest', sourceType, locations: true, allowHashBang: true };
  const tree = parse(text, { ...options, allowReturnOutsideFunction: true });
  trees.set(name, { text, tree });
  walk.full(tree, (node) => {
    if (node.type !== 'Identifier') return;
    if (!places.has(node.name)) places.set(node.name, []);
    places.get(node.name).push({ file: name, line: node.loc.start.line });
  });
}

search: for (const directory of directories) {
  for (const name of filesBelow(directory)) {
    if (process.memoryUsage().heapUsed >> 20 >= Number(most)) break search;
    if (!/\.(js|cjs|mjs|json)$/.test(name)) continue;
    try {
      keep(name);
    } catch (e) {
      if (!(e instanceof SyntaxError)) throw e; // files that test parsers
    }
  }
}
console.log(`ready: ${trees.size} files`);
setTimeout(() => console.log(trees, packages, places), 3600e3);
