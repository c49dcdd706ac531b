// Types of what the bundle imports and TypeScript cannot see into.

declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}

declare module "*.json.txt" {
  const text: string;
  export default text;
}

declare module "node:crypto" {
  interface Hash {
    update(bytes: Uint8Array | string): Hash;
    digest(): Uint8Array;
  }
  export function createHash(algorithm: "sha256"): Hash;
}

declare module "node:buffer" {
  interface BufferConstructor {
    from(text: string, encoding?: "base64"): Uint8Array<ArrayBuffer>;
    from(memory: ArrayBufferLike, at: number, size: number): Uint8Array<ArrayBuffer>;
    concat(pieces: Uint8Array[]): Uint8Array<ArrayBuffer>;
  }
  export const Buffer: BufferConstructor;
}
