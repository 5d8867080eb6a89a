import js from "@eslint/js";
import globals from "globals";

// html.rs joins the page's modules by dropping `import` statements and the word
// `export`, so a module exports declarations and imports without renaming; and
// nothing on the page may turn text into markup or code.
const page = [
  ["ExportDefaultDeclaration", "Export by name."],
  ["ExportAllDeclaration", "Export declarations only."],
  ["ExportNamedDeclaration[specifiers.length>0]", "Export the declaration itself."],
  ["ImportNamespaceSpecifier", "Import by name."],
  ["ImportDefaultSpecifier", "Import by name."],
  ["ImportExpression", "The page is one file."],
  ["MemberExpression[property.name=/^(innerHTML|outerHTML|srcdoc)$/]", "Build nodes with el()."],
  ["CallExpression[callee.property.name=/^(insertAdjacentHTML|write|writeln)$/]", "Build nodes."],
].map(([selector, message]) => ({ selector, message }));

export default [
  { ignores: ["**/node_modules/**", "**/.output/**"] },
  js.configs.recommended,
  {
    rules: {
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-unused-vars": ["error", { varsIgnorePattern: "^_" }],
      "max-lines": ["error", 400],
      "max-lines-per-function": ["error", { max: 60 }],
      "no-control-regex": "off",
    },
  },
  {
    files: ["**/report/page/*.js"],
    languageOptions: { globals: globals.browser },
    rules: { "no-restricted-syntax": ["error", ...page] },
  },
  {
    files: ["**/*.mjs"],
    languageOptions: { globals: { ...globals.node, ...globals.browser } },
  },
];
