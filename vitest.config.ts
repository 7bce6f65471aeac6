import { defineConfig } from 'vitest/config'

// A word of our own: packages offer their TypeScript under `source`.
const conditions = ['heddle']
const resolve = { conditions }
const ssr = { resolve: { conditions } }

/** `quick` needs no root and takes seconds; `live` drives real Open vSwitch daemons and real packets. */
export default defineConfig({
  test: {
    projects: [
      {
        resolve,
        ssr,
        test: {
          name: 'quick',
          include: ['test/{golden,unit,fake,sim}/**/*.test.ts', 'test/tidy.test.ts'],
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: 'live',
          include: ['test/live/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
