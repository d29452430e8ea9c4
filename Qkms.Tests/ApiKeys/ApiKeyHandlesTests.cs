using Qkms.Core.ApiKeys;

namespace Qkms.Tests.ApiKeys;

public sealed class ApiKeyHandlesTests : ServiceTests
{
    private const int Piece = 8;

    [Fact]
    public void A_handle_carries_the_proof_and_nothing_of_the_secret()
    {
        ApiKeyHandles handles = App.Services.GetRequiredService<ApiKeyHandles>();
        byte[] key = Encoding.ASCII.GetBytes(App.InitialApiKey);

        string handle = Write(handles, key);

        ApiKeyProof expected = App.Services.GetRequiredService<ApiKeyProver>().Prove(key)!;
        ApiKeyProof read = handles.Read(handle)!;
        read.LookupId.Should().Be(expected.LookupId).And.Be(App.InitialApiKey[5..17]);
        read.VerifierUnder(0).ToArray().Should().Equal(expected.VerifierUnder(0).ToArray());
        for (int i = 18; i + Piece <= key.Length; i++)
        {
            handle.Should().NotContain(Encoding.ASCII.GetString(key, i, Piece));
            Convert.FromBase64String(handle).AsSpan().IndexOf(key.AsSpan(i, Piece)).Should().Be(-1);
        }
    }

    /// <summary>F-13: a hash key comes into the keyring while a request is under way: neither its room nor its handle is refused.</summary>
    [Fact]
    public async Task A_handle_outlives_a_new_hash_key()
    {
        ApiKeyHandles handles = App.Services.GetRequiredService<ApiKeyHandles>();
        byte[] key = Encoding.ASCII.GetBytes(App.InitialApiKey);
        string before = Write(handles, key);
        Keyring keyring = App.Services.GetRequiredService<Keyring>();
        KeyringEntry made = keyring.CreateSystemKey(KeyringKind.CredentialHash, version: 2);
        await App.Store().WriteAsync(
            async session =>
            {
                await Repositories.Keyring.InsertAsync(session, made);
                return true;
            },
            CancellationToken.None);

        keyring.TakeUp([made]).Should().BeEmpty();

        keyring.CredentialHashKey.Id.Should().NotBe(made.Id, "it waits");
        char[] begun = new char[before.Length];
        handles.Write(key, begun);
        handles.Length.Should().BeGreaterThan(before.Length);
        ApiKeyAuthenticator authenticator = App.Services.GetRequiredService<ApiKeyAuthenticator>();
        foreach (string handle in new[] { before, new string(begun), Write(handles, key) })
            (await authenticator.AuthenticateAsync(handles.Read(handle)!, CancellationToken.None)).Should().NotBeNull();

        // What is hashed with the new key already is not proven by a proof without it, and that is all.
        keyring.BeginToUse(made.Id);
        string after = await App.CreateApiKeyAsync(App.InitialApiKey, Roles.Admin);
        byte[] newKey = Encoding.ASCII.GetBytes(after);
        handles.Write(newKey, begun);
        ApiKeyProof? early = handles.Read(begun);
        (early is null ? null : await authenticator.AuthenticateAsync(early, CancellationToken.None)).Should().BeNull();
        (await authenticator.AuthenticateAsync(handles.Read(Write(handles, newKey))!, CancellationToken.None)).Should().NotBeNull();
    }

    // The mark is new in each process, so that hashes out of a database make no handle.
    [Fact]
    public void A_handle_is_read_only_where_it_was_written()
    {
        ApiKeyHandles handles = App.Services.GetRequiredService<ApiKeyHandles>();
        string handle = Write(handles, Encoding.ASCII.GetBytes(App.InitialApiKey));

        new ApiKeyHandles(App.Services.GetRequiredService<ApiKeyProver>()).Read(handle).Should().BeNull();
        handles.Read(handle.AsSpan(0, handle.Length - 1)).Should().BeNull();
        handles.Read(handle + "0").Should().BeNull();
        handles.Read("").Should().BeNull();
        handles.Read(handle[..^1] + " ").Should().BeNull();
        for (int i = 0; i < 21; i++)
            handles.Read(handle[..i] + (handle[i] == '0' ? '1' : '0') + handle[(i + 1)..]).Should().BeNull();
    }

    // Every input has a text of one length, without a character that the server refuses.
    [Fact]
    public void What_is_no_api_key_becomes_dashes()
    {
        ApiKeyHandles handles = App.Services.GetRequiredService<ApiKeyHandles>();

        foreach (byte[] garbage in
            new[] { [], new byte[1], new byte[67], new byte[70_000], Encoding.ASCII.GetBytes(App.InitialApiKey + "0") })
        {
            string text = Write(handles, garbage);
            text.Should().MatchRegex("^-+$");
            handles.Read(text).Should().BeNull();
        }
    }

    [Fact]
    public void While_the_keyring_is_closed_there_is_no_proof()
    {
        byte[] key = Encoding.ASCII.GetBytes(App.InitialApiKey);
        using Keyring closed = new(TimeProvider.System, new IdGenerator(TimeProvider.System));
        ApiKeyHandles handles = new(new ApiKeyProver(closed));

        new ApiKeyProver(closed).Prove(key).Should().BeNull();
        string handle = Write(handles, key);
        handle.Should().MatchRegex("^-+$");
        handles.Read(handle).Should().BeNull();
    }

    private static string Write(ApiKeyHandles handles, byte[] presented) =>
        string.Create(handles.Length, presented, (text, bytes) => handles.Write(bytes, text));
}
