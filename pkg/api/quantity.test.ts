// Quantities: canonical texts as Kubernetes writes them, and exact arithmetic.
import fc from 'fast-check'
import {
  QuantityError, addQuantities, canonicalQuantity, compareQuantities, formatQuantity, milliValue, parseQuantity, quantityOf, quantityOfMilli, subtractQuantities, wholeValue,
} from './quantity.ts'

describe('canonical form', () => {
  it.each([
    ['0', '0'], ['0Mi', '0'], ['1000m', '1'], ['0.5', '500m'], ['1.5Gi', '1536Mi'], ['1024Mi', '1Gi'], ['1000Mi', '1000Mi'], ['1000k', '1M'],
    ['0.5Gi', '512Mi'], ['512', '512'], ['1Ki', '1Ki'], ['0.5Ki', '512'], ['1.5Ki', '1536'], ['0.0001Ki', '102400u'], ['1e3', '1e3'], ['12e6', '12e6'],
    ['1500e3', '1500e3'], ['1E', '1E'], ['-1000m', '-1'], ['+5', '5'], ['.5', '500m'], ['5.', '5'], ['100000', '100k'], ['1n', '1n'], ['0.1n', '1n'], ['-0.1n', '-1n'],
    ['9223372036854775807', '9223372036854775807'], ['10E', '9223372036854775807'], ['1e1000', '9223372036854775807e0'.replace('e0', '')], ['123456789m', '123456789m'], ['010', '10'],
  ])('%s is %s', (input, expected) => {
    expect(canonicalQuantity(input)).toBe(expected)
  })

  it('takes numbers', () => {
    expect(canonicalQuantity(2)).toBe('2')
    expect(canonicalQuantity(0.25)).toBe('250m')
  })

  it.each(['', ' ', 'a', '1x', '--1', '1 Gi', 'Gi', '1.2.3', '0x10', '1K', '.', '1ki'])('refuses %j', (input) => {
    expect(() => parseQuantity(input)).toThrow(QuantityError)
  })
})

const quantityText = fc.tuple(
  fc.constantFrom('', '-'), fc.nat(999_999), fc.constantFrom('', '.5', '.125', '.001'), fc.constantFrom('', 'm', 'k', 'M', 'Ki', 'Mi', 'e3', 'u'),
).map((parts) => parts.join(''))

describe('arithmetic', () => {
  it('keeps the value when written and read again', () => {
    fc.assert(fc.property(quantityText, (text) => {
      const quantity = parseQuantity(text)
      expect(parseQuantity(formatQuantity(quantity)).nanos).toBe(quantity.nanos)
      expect(canonicalQuantity(formatQuantity(quantity))).toBe(formatQuantity(quantity))
    }))
  })

  it('subtracts what it added', () => {
    fc.assert(fc.property(quantityText, quantityText, (a, b) => {
      const sum = addQuantities(parseQuantity(a), parseQuantity(b))
      expect(compareQuantities(subtractQuantities(sum, parseQuantity(b)), parseQuantity(a))).toBe(0)
    }))
  })

  it('keeps the first format, or the second when the first is zero', () => {
    expect(formatQuantity(addQuantities(parseQuantity('1Gi'), parseQuantity('1024')))).toBe('1048577Ki')
    expect(formatQuantity(addQuantities(parseQuantity('0'), parseQuantity('1Gi')))).toBe('1Gi')
  })

  it('rounds up to whole units and thousandths', () => {
    expect(wholeValue(parseQuantity('1001m'))).toBe(2)
    expect(milliValue(parseQuantity('1u'))).toBe(1)
    expect(milliValue(quantityOfMilli(250))).toBe(250)
    expect(wholeValue(quantityOf(7))).toBe(7)
  })
})
