/** What links and endpoints have in common: why they are pending, and how long their last change took. */
import { z } from 'zod'
import type { PendingReason, Receipt } from '#model/status.js'
import { endNames } from '#model/wire.js'

export const endName = z.enum(endNames)

const pendingCode = z.enum([
  'node-unknown',
  'node-offline',
  'node-preparing',
  'rloc-missing',
  'interface-missing',
  'interface-error',
  'mtu-too-large',
  'switch-refused',
  'applying',
]) satisfies z.ZodType<PendingReason['code']>

export const pendingReason = z
  .object({
    code: pendingCode,
    end: endName.optional(),
    node: z.string().optional(),
    interface: z.string().optional(),
    message: z.string().describe('What is missing and what to do'),
  })
  .meta({ id: 'PendingReason' })

export const receipt = z
  .object({
    storedMs: z.number(),
    portsReadyMs: z.number().optional(),
    flowsConfirmedMs: z.record(z.string(), z.number()).describe('By node: its switch confirmed the flows'),
    totalMs: z.number().optional().describe('All of it; absent while something is missing'),
  } satisfies Record<keyof Receipt | 'totalMs', z.ZodType>)
  .meta({
    id: 'Receipt',
    description: "Milliseconds of the object's last change, counted from the request's arrival",
  })

/** A receipt in the words of REST; its total is known once nothing is pending. */
export const receiptOf = (parts: Receipt, pending: boolean): z.infer<typeof receipt> => {
  if (pending) return parts
  const reached = [parts.storedMs, parts.portsReadyMs ?? 0, ...Object.values(parts.flowsConfirmedMs)]
  return { ...parts, totalMs: Math.max(...reached) }
}

/** 202 says: stored, and not confirmed by the switches yet. */
export const statusCode = <Done extends 200 | 201>(
  { status: { state } }: { readonly status: { readonly state: string } },
  done: Done,
): Done | 202 => (state === 'pending' ? 202 : done)
