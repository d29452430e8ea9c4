using System.Text.RegularExpressions;
using Qkms.Api.Hosting;

namespace Qkms.Tests.Hosting;

/// <summary>F-46: a name that looks like a setting of Qkms and is none stops the start, wherever it stands.</summary>
public sealed partial class EnvironmentRuleTests
{
    [Theory]
    [InlineData("QKMS_ROOT_KEYFILE", "Did you mean QKMS_ROOT_KEY_FILE?")]
    [InlineData("Qkms_Root_Key_File", "Did you mean QKMS_ROOT_KEY_FILE?")]
    [InlineData("qkms_root_key", "Did you mean QKMS_ROOT_KEY?")]
    [InlineData("QKMS_ROOTKEY", "Did you mean QKMS_ROOT_KEY?")]
    [InlineData("QKMS_PKCS11_PIN", "Did you mean QKMS_PKCS11_URI?")]
    [InlineData("QKMS_AWS_KMS_CREDENTIALS", "Did you mean QKMS_AWS_KMS_CREDENTIALS_FILE?")]
    [InlineData("Qkms_Materials_MaxKeys", "Did you mean Qkms__Materials__MaxKeys?")]
    [InlineData("QKMS_DATA_DIRECTORY", "Did you mean Qkms__DataDirectory?")]
    [InlineData("Qkms.DataDirectory", "Did you mean Qkms__DataDirectory?")]
    [InlineData("QkmsDataDirectory", "Did you mean Qkms__DataDirectory?")]
    [InlineData("Qkms", "docs/configuration.md lists what Qkms reads.")]
    [InlineData("QKMS_SOMETHING_ELSE_ENTIRELY", "docs/configuration.md lists what Qkms reads.")]
    [InlineData("qkms_url", "docs/configuration.md lists what Qkms reads.")]
    [InlineData("QKMS_PORT", "docs/configuration.md lists what Qkms reads.")]
    public void F46_variable_that_is_no_known_one_is_refused_and_the_nearest_named(string name, string hint) =>
        Check(name, "secret value").Should().Throw<SettingsException>().WithMessage($"*variable {name} is not*{hint}")
            .Which.Message.Should().NotContain("secret value");

    [Theory]
    [InlineData("QKMS_ROOT_KEY", "x")]
    [InlineData("QKMS_ROOT_KEY_FILE", "x")]
    [InlineData("QKMS_PKCS11_MODULE", "x")]
    [InlineData("QKMS_PKCS11_URI", "x")]
    [InlineData("QKMS_PKCS11_PIN_FILE", "x")]
    [InlineData("QKMS_AWS_KMS_ENDPOINT", "x")]
    [InlineData("QKMS_AWS_KMS_REGION", "x")]
    [InlineData("QKMS_AWS_KMS_KEY", "x")]
    [InlineData("QKMS_AWS_KMS_CREDENTIALS_FILE", "x")]
    [InlineData("QKMS__MATERIALS__MAXKEYS", "5")]
    [InlineData("Qkms:DataDirectory", "x")]
    [InlineData("QKMS_URL", "http://127.0.0.1:8080")]
    [InlineData("QKMS_API_KEY", "x")]
    [InlineData("HOME", "/root")]
    public void F46_known_variables_may_stand_there(string name, string value) => Check(name, value).Should().NotThrow();

    // A service named "qkms" gives every pod of its namespace these.
    [Theory]
    [InlineData("QKMS_SERVICE_HOST", "10.0.0.7")]
    [InlineData("QKMS_SERVICE_PORT", "8080")]
    [InlineData("QKMS_SERVICE_PORT_HTTP", "8080")]
    [InlineData("QKMS_PORT", "tcp://10.0.0.7:8080")]
    [InlineData("QKMS_PORT_8080_TCP", "tcp://[fd00::7]:8080")]
    [InlineData("QKMS_PORT_8080_TCP_PROTO", "tcp")]
    [InlineData("QKMS_PORT_8080_TCP_PORT", "8080")]
    [InlineData("QKMS_PORT_8080_TCP_ADDR", "fd00::7")]
    [InlineData("QKMS_API_V2_SERVICE_HOST", "10.0.0.7")]
    public void F46_service_links_of_Kubernetes_may_stand_there(string name, string value) => Check(name, value).Should().NotThrow();

    [Theory]
    [InlineData("qkms-rootkey")]
    [InlineData("QKMS_ROOT_KEY")]
    public void F46_mistyped_credential_of_systemd_is_refused(string name)
    {
        using TemporaryDirectory directory = new();
        File.WriteAllText(directory.File("other"), "x");
        File.WriteAllText(directory.File("qkms-root-key"), "x");
        File.WriteAllText(directory.File("qkms-pkcs11-pin"), "x");
        File.WriteAllText(directory.File("qkms-aws-kms"), "x");
        Action check = () => EnvironmentRule.Check(new Dictionary<string, string>(), directory.Path);
        check.Should().NotThrow();

        File.WriteAllText(directory.File(name), "x");
        check.Should().Throw<SettingsException>().WithMessage($"*credential {name} is not*qkms-root-key.");
    }

    [Fact]
    public void F46_every_variable_of_this_repository_is_known()
    {
        string[] named =
        [
            .. SourceFiles.Of("").Where(file => Path.GetFileName(file) != $"{nameof(EnvironmentRuleTests)}.cs")
                .Concat(Directory.GetFiles(Path.Combine(Repository.Root, ".ci")))
                .Concat(Directory.GetFiles(Path.Combine(Repository.Root, "requests")))
                .SelectMany(file => Variable().Matches(File.ReadAllText(file)))
                .Select(match => match.Groups[1].Value)
                .Distinct(),
        ];

        named.Should().Contain(["QKMS_LONG_TESTS", "QKMS_URL"]);
        named.Should().AllSatisfy(name => Check(name, "x").Should().NotThrow());
    }

    // Each was passed over, and a new installation was made.
    [TheoryIf(Requirement.Sqlite)]
    [InlineData("QKMS_ROOT_KEYFILE", "QKMS_ROOT_KEY_FILE")]
    [LongInlineData("Qkms_Root_Key_File", "QKMS_ROOT_KEY_FILE")]
    [LongInlineData("Qkms_Materials_MaxKeys", "Qkms__Materials__MaxKeys")]
    [LongInlineData("Kestrel__Certificates__Default__KeyPth", "Kestrel:Certificates:Default:KeyPath")]
    [LongInlineData("Kestrel__Endpoints__Web__ClientCertificatesMode", "Kestrel:Endpoints:Web:ClientCertificateMode")]
    [InlineData("Kestrel__Limits__MaxRequestBodySize", "Kestrel:Limits is not a setting")]
    public async Task F46_start_is_refused_and_makes_nothing(string name, string named)
    {
        using TemporaryDirectory directory = new();
        (int exitCode, string output) = await ServiceProcess.StartInVainAsync(directory.File("data"), new() { [name] = "/tmp/none" });

        exitCode.Should().Be(1, output);
        output.Should().Contain(named).And.NotContain("   at ").And.NotContain("/tmp/none");
        Directory.Exists(directory.File("data")).Should().BeFalse();
    }

    private static Action Check(string name, string value) => () =>
        EnvironmentRule.Check(new Dictionary<string, string> { [name] = value }, credentialsDirectory: null);

    [GeneratedRegex(@"(?:""|\benv\.|\$\{?)(QKMS_[A-Z_]*[A-Z])\b")]
    private static partial Regex Variable();
}
