"""The test rig: kernels, module builds, guests, and the tests that use them."""
