/**
 * The clients of a mapping system as transcripts: each file of `lisp-clients` tells what happens, with what a client does about it
 * indented under each line. The lines are played and the whole has to come out again.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { LispClientScript } from '../fake/lisp-client-script.js'

const folder = new URL('./lisp-clients/', import.meta.url)

describe('transcripts', () => {
  test.each(readdirSync(folder))('%s', (name) => {
    const script = readFileSync(new URL(name, folder), 'utf8')
    expect(new LispClientScript().play(script)).toBe(script)
  })
})
