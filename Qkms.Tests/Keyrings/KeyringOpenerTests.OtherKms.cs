using Qkms.Core.AwsKms;

namespace Qkms.Tests.Keyrings;

public sealed partial class KeyringOpenerTests
{
    // Nobody listens there: whoever asked would be told.
    private const string Nowhere = "http://127.0.0.1:1";

    [Fact]
    public async Task A_first_start_makes_no_root_key_in_another_KMS_and_asks_none()
    {
        using RootKeyEnvironment environment = new(awsKms: new AwsKmsEnvironment(Nowhere, "eu-west-1", "alias/root"));

        await FirstStartShouldTakeAFileAsync(environment);
    }

    [Fact]
    public async Task A_row_of_another_KMS_asks_none_but_the_one_that_the_process_was_told_of()
    {
        using Keyring first = NewKeyring();
        using Keyring second = NewKeyring();
        using RootKeyEnvironment another = new(awsKms: new AwsKmsEnvironment(Nowhere, "eu-west-1", "alias/other"));
        using RootKeyEnvironment same = new(awsKms: new AwsKmsEnvironment(
            Nowhere,
            "eu-west-1",
            "alias/root",
            _folder.Write("credentials", "aws_access_key_id=AKIDEXAMPLE\naws_secret_access_key=secret\n")));
        await OpenAsync(_store, first);
        _store.Wrappers.Insert(
            0, _store.Wrappers[0] with { Kind = "aws-kms", Parameters = "$aws-kms$AAAA$alias/root", RootKeyId = "00" });
        File.Delete(_folder.File("root.key"));

        await OpeningShouldFail<RootKeyException>(
            _store, second, "There is no root key*00 (aws-kms)*or the other KMS, with QKMS_AWS_KMS_REGION*");
        await OpeningShouldFail<RootKeyException>(_store, second, "*QKMS_AWS_KMS_KEY names (alias/other)*", another);
        await OpeningShouldFail<RootKeyException>(_store, second, $"The other KMS at {Nowhere}/ cannot be reached*", same);
    }
}
