/// Every paste whose diagnosis is known.
let allPastes = storablePastes + noisyPastes + providerPastes + signInPastes + wrongTypePastes + refusedPastes
