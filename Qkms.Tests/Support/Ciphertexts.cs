namespace Qkms.Tests.Support;

/// <summary>Damages ciphertexts.</summary>
internal static class Ciphertexts
{
    /// <summary>Every byte changed, one byte short, one byte long: all get the same refusal; the ciphertext itself opens.</summary>
    public static async Task ShouldNotOpenWhenChangedAsync(HttpClient client, string route, string member, byte[] ciphertext, object choice)
    {
        for (int i = 0; i < ciphertext.Length; i++)
        {
            byte[] changed = [.. ciphertext];
            changed[i] ^= (byte)(1 << (i % 8));
            (await SendAsync(changed)).ShouldNotDecrypt($"byte {i} was changed");
        }

        (await SendAsync(ciphertext[..^1])).ShouldNotDecrypt("one byte short");
        (await SendAsync(ciphertext[1..])).ShouldNotDecrypt("without the first byte");
        (await SendAsync([.. ciphertext, 0])).ShouldNotDecrypt("one byte long");
        (await SendAsync([0, .. ciphertext])).ShouldNotDecrypt("one byte long in front");
        (await SendAsync([])).ShouldNotDecrypt("empty");
        (await SendAsync(ciphertext)).ShouldBe(HttpStatusCode.OK);

        Task<Answer> SendAsync(byte[] bytes) => client.UseAsync(route, new Dictionary<string, object> { [member] = bytes }, choice);
    }
}
