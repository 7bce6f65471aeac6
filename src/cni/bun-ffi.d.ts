/** As much of `bun:ffi` as is used here: https://bun.com/docs/api/ffi. It is part of the executable; nothing is installed for it. */
declare module 'bun:ffi' {
  export interface Signature {
    readonly args: readonly ('i32' | 'u64' | 'ptr' | 'cstring')[]
    readonly returns: 'i32'
  }

  export const dlopen: <Name extends string>(
    library: string,
    symbols: Readonly<Record<Name, Signature>>,
  ) => {
    readonly symbols: Readonly<Record<Name, (...args: readonly (number | bigint | Uint8Array)[]) => number>>
  }

  /** Where the bytes are: valid while they are referenced. */
  export const ptr: (bytes: Uint8Array) => number
}
