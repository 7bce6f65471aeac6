/** The network service header, RFC 8300. ovs-fields(7), "Network Service Header Fields". */
import { line, numbered } from './line.js'

const nshOnly = { needs: 'nsh' } as const

export const nsh = {
  nsh_flags: line(8, 'decimal', 'rw masked', 'NXOXM_NSH_FLAGS(1)', 'Flags of the header.', nshOnly),
  nsh_ttl: line(8, 'decimal', 'rw exact', 'NXOXM_NSH_TTL(10)', 'Service hops left.', nshOnly),
  nsh_mdtype: line(8, 'decimal', 'ro exact', 'NXOXM_NSH_MDTYPE(2)', 'Type of the context headers.', nshOnly),
  nsh_np: line(8, 'decimal', 'ro exact', 'NXOXM_NSH_NP(3)', 'Protocol of the packet inside.', nshOnly),
  nsh_spi: line(24, 'hexadecimal', 'rw exact', 'NXOXM_NSH_SPI(4)', 'Which service path the packet takes.', {
    ...nshOnly,
    aliases: ['nsp'],
  }),
  nsh_si: line(8, 'decimal', 'rw exact', 'NXOXM_NSH_SI(5)', 'Where on the service path the packet is.', {
    ...nshOnly,
    aliases: ['nsi'],
  }),
  ...numbered('nsh_c', [1, 2, 3, 4], (index) =>
    line(32, 'hexadecimal', 'rw masked', `NXOXM_NSH_C${index}(${5 + index})`, `Context header ${index}.`, {
      ...nshOnly,
      aliases: [`nshc${index}`],
    }),
  ),
} as const
