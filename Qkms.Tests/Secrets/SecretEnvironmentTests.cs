using System.Runtime.InteropServices;

namespace Qkms.Tests.Secrets;

public sealed unsafe partial class SecretEnvironmentTests
{
    [Fact]
    public void The_bytes_of_a_taken_variable_are_zero_where_they_stood_and_the_variable_is_gone()
    {
        if (OperatingSystem.IsWindows())
            return;

        const string Name = "QKMS_TEST_TAKEN_SECRET";
        SetEnvironmentVariable(Name, "s3cret value", overwrite: 1).Should().Be(0);
        byte* place = LibC.GetEnvironmentVariable(Name);

        using SecretBytes? taken = SecretEnvironment.Take(Name);

        taken!.Span.SequenceEqual("s3cret value"u8).Should().BeTrue();
        new ReadOnlySpan<byte>(place, "s3cret value".Length).ContainsAnyExcept((byte)0).Should().BeFalse();
        ((nint)LibC.GetEnvironmentVariable(Name)).Should().Be(0);
        Environment.GetEnvironmentVariable(Name).Should().BeNull();
    }

    [Fact]
    public void A_variable_that_only_the_platform_knows_is_taken_from_it()
    {
        const string Name = "QKMS_TEST_MANAGED_SECRET";
        Environment.SetEnvironmentVariable(Name, "välue");

        using SecretBytes? taken = SecretEnvironment.Take(Name);

        taken!.Span.SequenceEqual("välue"u8).Should().BeTrue();
        Environment.GetEnvironmentVariable(Name).Should().BeNull();
    }

    [Fact]
    public void A_variable_that_is_not_set_is_null() => SecretEnvironment.Take("QKMS_TEST_UNSET_SECRET").Should().BeNull();

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironmentVariable(string name, string value, int overwrite);
}
