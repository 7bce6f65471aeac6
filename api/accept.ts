/** What a client would rather read (RFC 9110, section 12.5.1), as far as it matters here: text or JSON. */

/** The weight that an Accept header gives to a media type: its own, its family's or everybody's. */
const weightOf = (accept: string, type: string): number => {
  const family = type.replace(/\/.*$/, '/*')
  const weights = new Map(
    accept.split(',').map((range) => {
      const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
      const q = parameters.find((parameter) => parameter.startsWith('q='))
      return [name, q === undefined ? 1 : Number(q.slice(2))] as const
    }),
  )
  return weights.get(type) ?? weights.get(family) ?? weights.get('*/*') ?? 0
}

/** Whether text is wanted more than JSON. Without a wish, JSON it is. */
export const prefersText = (accept: string | undefined): boolean =>
  accept !== undefined && weightOf(accept, 'text/plain') > weightOf(accept, 'application/json')
