// The TokenSigner contract: makes and reads the JSON Web Tokens of ServiceAccounts.

interface Named {
  readonly name: string
  readonly uid: string
}

export interface AccountClaims {
  readonly iss?: string
  readonly sub: string
  readonly aud: readonly string[]
  /** Seconds since the epoch. */
  readonly exp: number
  readonly iat: number
  readonly nbf: number
  readonly jti?: string
  readonly 'kubernetes.io': {
    readonly namespace: string
    readonly serviceaccount: Named
    readonly pod?: Named
    readonly node?: Named
    readonly secret?: Named
    /** When to ask for a new token, though this one is good for longer. */
    readonly warnafter?: number
  }
}

export interface TokenSigner {
  /** The issuer's URL; also the audience of the API server itself. */
  readonly issuer: string
  /** Adds the issuer. */
  sign(claims: AccountClaims): Promise<string>
  /** The claims of a token that this issuer signed; undefined for any other. Time and audience are not checked. */
  verify(token: string): Promise<AccountClaims | undefined>
  /** The public keys, as a JSON Web Key Set. */
  keySet(): unknown
}
