/** `/v1/mappings` page by page before the real mapping system, whatever changes meanwhile. */
import { beforeEach, describe, expect, it } from 'vitest'
import { parseEid } from '#lisp/address-text.js'
import { type MappingRest, startMappingRest } from '../fake/mapping-rest.js'

let rest: MappingRest
beforeEach(() => {
  rest = startMappingRest()
})

const get = async (path: string): Promise<unknown> => (await rest.call('GET', path)).body
const putNowhere = (eid: string): Promise<unknown> =>
  rest.call('PUT', `/v1/mappings/7/${encodeURIComponent(eid)}`, { locators: [], action: 'drop' })

describe('a long list', () => {
  const total = 2_500
  const node = { kind: 'local', name: 'n1' } as const
  const eidOf = (index: number): string => `10.0.${index >> 8}.${index & 255}`

  const pages = async (query: string, between: () => void = () => {}): Promise<readonly string[][]> => {
    const found: string[][] = []
    let after = ''
    for (let page: { next?: string } = { next: '' }; page.next !== undefined; ) {
      page = Object(await get(`/v1/mappings?${query}${after}`))
      found.push(Object(page).mappings.map(({ eid }: { eid: string }) => eid))
      after = `&after=${encodeURIComponent(page.next ?? '')}`
      between()
    }
    return found
  }

  beforeEach(() => {
    for (let index = 0; index < total; index++) {
      rest.state.putLocal({ eid: parseEid(`[7]${eidOf(index)}`), locators: [], node })
    }
  })

  it('comes in pages, each mapping once', async () => {
    const found = await pages('iid=7')
    expect(found.map(({ length }) => length)).toEqual([1000, 1000, 500])
    expect(new Set(found.flat()).size).toBe(total)
  })

  it('goes on where it was, whatever has gone meanwhile', async () => {
    let gone = 0
    const found = await pages('limit=900', () => {
      // The end of the page before, and its neighbours.
      for (const index of [898, 899, 900, 901]) {
        rest.state.removeLocal(parseEid(`[7]${eidOf(index + gone)}`))
      }
      gone += 900
    })
    expect(new Set(found.flat()).size).toBe(found.flat().length)
    // 900 and 901 went before they were listed.
    expect(found.flat()).toHaveLength(total - 2)
  })

  it('is filtered by prefix', async () => {
    await putNowhere('10.0.3.0/24')
    const [found = [], ...others] = await pages('iid=7&within=10.0.3.0/24')
    expect(others).toEqual([])
    expect(found).toHaveLength(257)
    expect(found[0]).toBe('10.0.3.0/24')
    expect(await get('/v1/mappings?within=10.0.3.0/24')).toEqual({ mappings: [] })
  })

  it('is filtered by origin', async () => {
    await putNowhere('10.0.3.0/24')
    expect((await pages('origin=static')).flat()).toEqual(['10.0.3.0/24'])
  })

  it.each([
    ['within=x', 'query.within'],
    ['after=x', 'query.after'],
  ])('is not there for ?%s', async (query, field) => {
    expect(await get(`/v1/mappings?${query}`)).toMatchObject({ code: 'invalid-request', field })
  })
})
