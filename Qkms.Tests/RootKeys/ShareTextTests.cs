namespace Qkms.Tests.RootKeys;

/// <summary>Issue 16: what is printed, kept on paper and typed again.</summary>
public sealed class ShareTextTests
{
    // Made by another program: base32 and SHA-256 of its libraries, and the root key 00 to 1f.
    private const string RootKeyId = "17bcaa7f02341470f2ac15527a65d39c";
    private const string First = "qkms-share-c66ku7-5ruqb4-wcvv5g-exp5vz-cyr2u7-v44i5c-5ah3qm-e5cpdu-moff4o-dzkuat-kg76p4";
    private const string Second = "qkms-share-c66ku7-yn4qdu-3alzmq-dol35k-4yatgb-x6pf3t-wjptd5-ihrpjo-t2fhpv-dueubl-l544h4";
    private const string Fifth = "qkms-share-c66ku7-3asmkw-4skrq6-j7uln3-uzxgdy-2dly3c-hqfgmn-7mf5ed-wmsrtc-ylv4cx-uht5ka";

    [Fact]
    public async Task Shares_of_another_program_give_the_root_key()
    {
        using RootSecrets secrets = new(new RootKeyLocator(new RootKeyEnvironment(), "/nowhere"));
        RootWrapper wrapper = Wrapper("$shamir$k=3,n=5");
        foreach (string text in (string[])[First, Fifth])
            secrets.TryPresent(Read(text)).Should().BeTrue();

        secrets.TryPresent(Read(Fifth.ToUpperInvariant())).Should().BeFalse("it is there");
        (await secrets.FindAsync(wrapper, CancellationToken.None)).Should().BeNull("two are too few");
        secrets.TryPresent(Read(Second)).Should().BeTrue();

        (await secrets.FindAsync(wrapper, CancellationToken.None))!.Id.Should().Be(RootKeyId);
        new SharesKind().Describe(wrapper).Should().Be("3 of 5 shares");
    }

    [Theory]
    [InlineData(" qkms-share-c66ku75ruqb4wcvv5gexp5vzcyr2u7v44i5c5ah3qme5cpdumoff4odzkuatkg76p4\r")]
    [InlineData("C66KU7 5RUQB4 WCVV5G EXP5VZ CYR2U7 V44I5C 5AH3QM E5CPDU MOFF4O DZKUAT KG76P4")]
    public void Blanks_dashes_and_large_letters_do_not_matter(string text)
    {
        using RootKeyShare share = Read(text);

        share.Number.Should().Be(1);
        share.Bytes.Span[0].Should().Be(0xb1);
        share.ToString().Should().Be("RootKeyShare(1)");
    }

    [Fact]
    public void Each_mistyped_letter_is_noticed()
    {
        for (int i = "qkms-share-".Length; i < First.Length; i++)
        {
            if (First[i] == '-')
                continue;

            foreach (char other in "a7k".Where(other => other != First[i]))
                $"{First[..i]}{other}{First[(i + 1)..]}".Invoking(Read).Should().Throw<RootKeyException>();
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("qkms-share-")]
    [InlineData("correct horse battery staple lamp")]
    [InlineData(First + "a")]
    [InlineData("qkms-share-c66ku7-5ruqb4-wcvv5g-exp5vz-cyr2u7-v44i5c-5ah3qm-e5cpdu-moff4o-dzkuat-kg76p")]
    [InlineData("qkms-share-c66ku7-5ruqb4-wcvv5g-exp5vz-cyr2u7-v44i5c-5ah3qm-e5cpdu-moff4o-dzkuat-kg76p1")]
    [InlineData("qkms-share-c66ku7-5ruqb4-wcvv5g-exp5vz-cyr2u7-v44i5c-5ah3qm-e5cpdu-moff4o-dzkuat-kg76pé")]
    public void What_is_no_share_is_refused_without_being_repeated(string text) =>
        text.Invoking(Read).Should().Throw<RootKeyException>().Which.Message.Should().Contain("mistyped").And.NotContain("horse");

    [Theory]
    [InlineData("$shamir$k=1,n=5")]
    [InlineData("$shamir$k=6,n=5")]
    [InlineData("$shamir$k=3,n=256")]
    [InlineData("$shamir$k=03,n=5")]
    [InlineData("$argon2id$v=19$m=65536,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("")]
    public async Task Parameters_that_no_release_writes_open_nothing(string parameters)
    {
        using RootSecrets secrets = new(new RootKeyLocator(new RootKeyEnvironment(), "/nowhere"));
        foreach (string text in (string[])[First, Second, Fifth])
            secrets.TryPresent(Read(text));

        (await secrets.FindAsync(Wrapper(parameters), CancellationToken.None)).Should().BeNull();
        new SharesKind().Describe(Wrapper(parameters)).Should().Be("parameters that no release writes");
    }

    [Theory]
    [InlineData(3, 2)]
    [InlineData(7, 3)]
    [InlineData(4, 4)]
    public void What_is_made_is_read_again(int count, int threshold)
    {
        (RootKey made, string parameters, IReadOnlyList<SecretBytes> shares) = SharesKind.Create(count, threshold);
        using (made)
        {
            parameters.Should().Be($"$shamir$k={threshold},n={count}");
            SharesKind.Prove(made, shares, threshold);
            using RootKey other = new(SecretBytes.Random(RootKey.Size), "a test");
            this.Invoking(_ => SharesKind.Prove(other, shares, threshold)).Should().Throw<RootKeyException>();
        }
    }

    private static RootKeyShare Read(string text) => RootKeyShare.Read(Encoding.UTF8.GetBytes(text));

    private static RootWrapper Wrapper(string parameters) => new(
        Guid.Empty, Guid.Empty, SharesKind.KindName, parameters, RootKeyId, KeyringState.InUse, [], DateTimeOffset.UnixEpoch);
}
