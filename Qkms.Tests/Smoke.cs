namespace Qkms.Tests;

public sealed class Smoke
{
    [Fact]
    public void Builds() => true.Should().BeTrue();
}
