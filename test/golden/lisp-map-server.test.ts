/**
 * The Map-Server as transcripts: each file of `lisp-map-server` tells what happens, with what it does about it indented under
 * each line. The lines are played and the whole has to come out again.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { LispServerScript } from '../fake/lisp-server-script.js'

const folder = new URL('./lisp-map-server/', import.meta.url)

describe('transcripts', () => {
  test.each(readdirSync(folder))('%s', (name) => {
    const script = readFileSync(new URL(name, folder), 'utf8')
    expect(new LispServerScript().play(script)).toBe(script)
  })
})
