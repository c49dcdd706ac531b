// The module has one list of imports (wasm/imports.txt). An instance that serves requests and one that runs Durable Objects
// each provide a part of it; the rest is never called.

/**
 * @param {WebAssembly.Module} module @param {Record<string, (...values: any[]) => any>} own
 * @returns {Record<string, (...values: any[]) => any>} all imports, where those that are not the instance's own throw
 */
export function allImports(module, own) {
  const imports = { ...own };
  for (const { name } of WebAssembly.Module.imports(module))
    imports[name] ??= () => {
      throw new Error(`This instance does not offer ${name}.`);
    };
  return imports;
}
