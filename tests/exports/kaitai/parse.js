// Compiles grammars with the compiler of Kaitai Struct and reads streams with the JavaScript that comes of it, all in one
// process. In: a list of {grammar, languages, streams}, the grammar as YAML gives it, the streams in hexadecimal. Out: for
// each {problem} or {sources, read}: the code by language, and for every stream {value} or {refused} with the reason.
"use strict";

const fs = require("fs");
const { Module } = require("module");

const KaitaiStream = require("kaitai-struct/KaitaiStream");

// This build of the compiler drops its warnings and tells errors alone. The filter is in this place; here all go through.
const FILTER = "return (!$$x1)";

function strictCompiler() {
  const file = require.resolve("kaitai-struct-compiler");
  const parts = fs.readFileSync(file, "utf8").split(FILTER);
  if (parts.length !== 2) throw new Error("the compiler drops its warnings in another place than version 0.11.0 does");
  return loaded(parts.join("return true"), file);
}

function loaded(source, file) {
  const module_ = new Module(file, module);
  module_.filename = file;
  module_.paths = Module._nodeModulePaths(__dirname);
  module_._compile(source, file);
  return module_.exports;
}

// What was read: attributes, and values that are computed from them; no streams, and no string twice. Bytes are
// {bytes: "cafe"}.
function plain(value) {
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString("hex") };
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  const prototype = Object.getPrototypeOf(value);
  const computed = Object.getOwnPropertyNames(prototype).filter((name) => Object.getOwnPropertyDescriptor(prototype, name).get);
  const names = [...Object.keys(value), ...computed].filter((name) => !/^(_|formOf[A-Z])/.test(name));
  return Object.fromEntries(names.map((name) => [name, plain(value[name])]));
}

function read(Top, hexadecimal) {
  const bytes = Buffer.from(hexadecimal, "hex");
  // A buffer of its own: Node.js lays small ones side by side in a greater one.
  const own = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  try {
    return { value: plain(new Top(new KaitaiStream(own))) };
  } catch (error) {
    return { refused: `${error.name}: ${error.message}` };
  }
}

async function run(compiler, { grammar, languages, streams }) {
  const sources = {};
  try {
    for (const language of languages) {
      const files = await compiler.compile(language, grammar, null, false);
      sources[language] = Object.values(files)[0];
    }
  } catch (error) {
    return { problem: String(error.message || error) };
  }
  if (!sources.javascript) return { sources, read: [] };
  const exported = loaded(sources.javascript, "grammar.js");
  const [Top] = Object.values(exported);
  return { sources, read: streams.map((stream) => read(Top, stream)) };
}

async function main() {
  const compiler = strictCompiler();
  const answers = [];
  for (const job of JSON.parse(fs.readFileSync(0, "utf8"))) answers.push(await run(compiler, job));
  process.stdout.write(JSON.stringify(answers));
}

main();
