/** `fetch` with the certificates of a private authority: Bun takes them with the request; elsewhere the option has no effect. */

export interface FetchOptions {
  /** PEM certificates that the controller's has to be signed by; those of the system otherwise. */
  readonly ca?: string
}

export const fetchWith = ({ ca }: FetchOptions): typeof fetch => {
  if (ca === undefined) return fetch
  const tls = { tls: { ca } }
  return (input, init) => fetch(input, { ...init, ...tls })
}
