/** A network and two endpoints as REST tells them, for tests of the command line. */
import type { Endpoint, Network } from '#api/client.js'

const made = { createdBy: 'alice', createdAt: '2026-01-31T11:59:00.000Z', requestId: 'req-1' }

export const red: Network = {
  name: 'red',
  vni: 4096,
  subnets: [
    { cidr: '10.1.0.0/16', gateway: '10.1.0.1', exclude: ['10.1.0.0/28', '10.1.9.9/32'] },
    { cidr: '2001:db8::/64', gateway: '2001:db8::1', exclude: [] },
  ],
  resolution: 'on-demand',
  idleTimeoutSeconds: 300,
  routes: [{ destination: '0.0.0.0/0' }, { destination: '192.0.2.0/24', gateway: '10.1.0.7' }],
  reservations: [{ address: '10.1.0.20', endpoint: 'db' }],
  isolation: false,
  broadcast: true,
  endpoints: 2,
  nodes: 1,
  ...made,
}

export const web: Endpoint = {
  id: 'web',
  network: 'red',
  vni: 4096,
  node: 'n1',
  interface: 'veth7',
  mac: '0a:58:0a:01:00:10',
  addresses: [
    { address: '10.1.0.16', prefixLength: 16, gateway: '10.1.0.1' },
    { address: '2001:db8::2', prefixLength: 64, gateway: '2001:db8::1' },
  ],
  routes: [{ destination: '0.0.0.0/0' }],
  mtu: 1450,
  container: { id: '0123456789abcdef', interface: 'eth0', namespace: 'default', pod: 'web-0' },
  labels: { app: 'web' },
  status: { state: 'up' },
  receipt: { storedMs: 0.42, portsReadyMs: 4, flowsConfirmedMs: { n1: 5.25 }, totalMs: 5.25 },
  ...made,
}

const { receipt: _receipt, container: _container, mtu: _mtu, ...bare } = web
export const far: Endpoint = {
  ...bare,
  id: 'far',
  node: 'n9',
  routes: [],
  labels: {},
  status: {
    state: 'pending',
    reasons: [{ code: 'node-unknown', node: 'n9', message: 'no node n9 has joined' }],
  },
}
