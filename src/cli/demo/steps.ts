/** The demo, step by step. */
import { carrierSteps } from './carrier-steps.js'
import { containerSteps } from './container-steps.js'
import { endingSteps } from './ending-steps.js'
import { fabricSteps } from './fabric-steps.js'
import { frameSteps } from './frame-steps.js'
import { healingSteps } from './healing-steps.js'
import { mappingSteps } from './mapping-steps.js'
import type { Step } from './step.js'
import { topologySteps } from './topology-steps.js'
import { wireSteps } from './wire-steps.js'

export const steps: readonly Step[] = [
  ...fabricSteps,
  ...wireSteps,
  ...frameSteps,
  ...carrierSteps,
  ...healingSteps,
  ...topologySteps,
  ...mappingSteps,
  ...containerSteps,
  ...endingSteps,
]
