// Writes the reference to docs/api/: a page for each public name, from its doc comment.
import { writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import process from "node:process";
import { Application, Converter, ReflectionKind } from "typedoc";
import { ROOT } from "../runtimes.mjs";
import { API, modules, OPTIONS, subPaths, TOOLS } from "./paths.mjs";
import { firstSentence } from "./sentence.mjs";

/** The name that typedoc gives the module of a source file. */
const nameOf = (file) => relative(ROOT, join(dirname(file), basename(file, ".ts")));

/** Sub-paths that repeat names of the main door; the names are described there. */
const REPEATING = ["curlew/ffi", "curlew/poll"];

/**
 * The entry points. A name is described in the first door that exports it; the others link to it.
 */
function entryPoints() {
  const paths = modules(), first = [...paths.keys()].filter((name) => name !== "curlew");
  const own = first.filter((name) => !REPEATING.includes(name));
  return [...own, "curlew", ...REPEATING].map((name) => paths.get(name));
}

const SETTINGS = {
  tsconfig: join(TOOLS, "tsconfig.json"),
  plugin: ["typedoc-plugin-markdown"],
  readme: "none",
  disableSources: true,
  excludeExternals: true,
  skipErrorChecking: true, // `npm test` checks types
  logLevel: "Warn",
  validation: { notExported: false, invalidLink: true, rewrittenLink: false },
  preservedTypeAnnotationTags: ["@throws"],
  // options of typedoc-plugin-markdown
  out: API,
  name: "Reference",
  entryFileName: "index",
  hideBreadcrumbs: true,
  hidePageHeader: true,
  excludeScopesInPaths: true,
  parametersFormat: "table",
  interfacePropertiesFormat: "list",
  useCodeBlocks: true,
  expandObjects: true,
  sanitizeComments: true,
  pageTitleTemplates: {
    index: "Reference",
    module: ({ name }) => name === OPTIONS ? "Options and infos" : name,
    member: "{name}",
  },
};

const HEAD =
  `Each public name has a page, made from its doc comment. [Options and infos](options/index.md) lists
what libcurl itself takes and tells.`;

/** Writes the class of an error, which is the type of `@throws`, before the text of the tag. */
function nameErrors(project) {
  for (const reflection of Object.values(project.reflections)) {
    for (const tag of reflection.comment?.getTags("@throws") ?? []) {
      if (tag.typeAnnotation === undefined) continue;
      const text = tag.typeAnnotation.replace(/^\{|\}$/g, "");
      const target = named(reflection, [text]);
      const name = target ? { kind: "inline-tag", tag: "@linkcode", target, text } : null;
      tag.content.unshift(name ?? { kind: "code", text: `\`${text}\`` }, {
        kind: "text",
        text: " ",
      });
    }
  }
}

/** The module of a reflection. */
function moduleOf(reflection) {
  return reflection.kindOf(ReflectionKind.Module)
    ? reflection
    : reflection.parent && moduleOf(reflection.parent);
}

/**
 * The reflection of a name such as `["Easy", "setOpt"]` in the module of `from`, or else in the
 * main door.
 */
function named(from, path) {
  const main = from.project.getChildByName(["curlew"]);
  for (const module of [moduleOf(from), main]) {
    const found = module?.getChildByName(path);
    if (found) {
      return found.kindOf(ReflectionKind.Reference) ? found.getTargetReflectionDeep() : found;
    }
  }
  return undefined;
}

/**
 * Shows the constraint of a type parameter as in the source, not as the 300 names that it expands
 * to.
 */
function asWritten(context, parameter) {
  const [declaration] = context.getSymbolFromReflection(parameter)?.declarations ?? [];
  if (!declaration?.constraint) return;
  const scope = context.withScope(parameter);
  parameter.type = context.converter.convertType(scope, declaration.constraint);
}

/** Resolves a link to a name that its file does not import: to the one that the package exports. */
function exported(from, { moduleSource, symbolReference }) {
  const path = symbolReference?.path?.map(({ path }) => path) ?? [];
  const target = moduleSource || path.length === 0 ? undefined : named(from, path);
  return target && { target };
}

/** Writes the page of all sub-paths, with the first sentence of each one's comment. */
function writeIndex(project) {
  const rows = [...subPaths().keys()].map((name) => {
    const summary = project.getChildByName([name]).comment.summary.map(({ text }) => text).join("");
    return `| [\`${name}\`](${name}/index.md) | ${firstSentence(summary)} |`;
  });
  const text = [
    "# Reference",
    "",
    HEAD,
    "",
    "| Import | What it is |",
    "| --- | --- |",
    ...rows,
    "",
  ];
  writeFileSync(join(API, "index.md"), text.join("\n"));
}

export async function writeApi() {
  const app = await Application.bootstrapWithPlugins({ ...SETTINGS, entryPoints: entryPoints() });
  const names = new Map([...modules()].map(([name, file]) => [nameOf(file), name]));
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_context, reflection) => {
    if (reflection.kindOf(ReflectionKind.Module)) reflection.name = names.get(reflection.name);
  });
  app.converter.on(Converter.EVENT_CREATE_TYPE_PARAMETER, asWritten);
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => nameErrors(project));
  app.converter.addUnknownSymbolResolver((reference, from) => exported(from, reference));
  const project = await app.convert();
  if (!project) throw new Error("typedoc could not read the sources: see above");
  app.validate(project);
  await app.generateOutputs(project);
  writeIndex(project);
  if (app.logger.hasErrors() || app.logger.hasWarnings()) {
    throw new Error("typedoc found faults in the doc comments: see above");
  }
}

if (process.argv[1] === import.meta.filename) await writeApi();
