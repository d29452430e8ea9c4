namespace Qkms.Tests.Crash;

/// <summary>Uses keys so that it shows later, by their own work, whether they are still the same.</summary>
internal static class Proofs
{
    private const string Text = "dG8gYmUgb3Igbm90";

    /// <summary>Encrypts or signs something with a version, or takes a data key; null when it was refused.</summary>
    /// <param name="client">Where to.</param>
    /// <param name="entry">The version.</param>
    /// <param name="succeeded">Looks at the answer.</param>
    public static async Task<Proof?> MakeAsync(HttpClient client, LedgerEntry entry, Func<Answer, bool> succeeded)
    {
        // A retired version refuses, instead of its successor doing the work.
        string kid = $"\"kid\":\"{entry.Kid}\",\"strict\":true";
        switch (entry.Algorithm)
        {
            case "AES-256" when entry.Number % 2 == 0:
                Answer dataKey = await client.PostJsonAsync("/data-keys/generate", $"{{{kid}}}");
                return succeeded(dataKey)
                    ? new Proof(
                        entry,
                        "/data-keys/decrypt",
                        $$"""{"ciphertext":"{{dataKey.Text("ciphertext")}}"}""",
                        "plaintext",
                        dataKey.Text("plaintext"))
                    : null;

            case "ML-DSA-44" or "ML-DSA-65":
                Answer signed = await client.PostJsonAsync("/signature/sign", $$"""{"kid":"{{entry.Kid}}","message":"{{Text}}"}""");
                return succeeded(signed)
                    ? new Proof(
                        entry,
                        "/signature/verify",
                        $$"""{"kid":"{{entry.Kid}}","message":"{{Text}}","signature":"{{signed.Text("signature")}}"}""",
                        "valid",
                        "true")
                    : null;

            default:
                Answer encrypted = await client.PostJsonAsync("/crypto/encrypt", $$"""{{{kid}},"plaintext":"{{Text}}"}""");
                string with = entry.Algorithm == "AES-256" ? "" : $"\"kid\":\"{entry.Kid}\",";
                return succeeded(encrypted)
                    ? new Proof(
                        entry, "/crypto/decrypt", $$"""{{{with}}"ciphertext":"{{encrypted.Text("ciphertext")}}"}""", "plaintext", Text)
                    : null;
        }
    }

    /// <summary>Asks for one proof. A revoked key has to refuse; where it may have been revoked meanwhile, it may.</summary>
    public static async Task CheckAsync(HttpClient client, Proof proof, Ledger ledger)
    {
        bool mustRefuse = ledger.MustRefuse(proof.Entry, client);
        Answer answer = await client.PostJsonAsync(proof.Route, proof.Body);
        bool mayRefuse = proof.Entry.Highest >= Ranks.Revoked;
        string what = $"{proof.Route} with {proof.Entry.Algorithm} {proof.Entry.Kid}: {(int)answer.Status} {answer.Body}";
        if (answer.Status == HttpStatusCode.OK)
        {
            JsonElement member = JsonDocument.Parse(answer.Body).RootElement.GetProperty("data").GetProperty(proof.Member);
            string value = member.ValueKind == JsonValueKind.String ? member.GetString()! : member.GetRawText();
            if (value != proof.Expected || mustRefuse)
                ledger.Fault(what);
        }
        else if (answer.Status != HttpStatusCode.ServiceUnavailable && !(answer.Status == HttpStatusCode.Conflict && mayRefuse))
        {
            ledger.Fault(what);
        }
    }
}
